import { Types } from 'mongoose';
import type { AgentInstanceId, ProjectId, TemplateId, TenantId } from '../../domain/ids.js';
import type { Project, RoleAssignment } from '../../domain/projects/project.js';
import { fromSpawn, toSpawn } from './spawn-record.js';
import type { ProjectRecord, RoleAssignmentRecord } from './project.schema.js';

/** What a read has to bring: everything but the outbox and the slug's key. */
export const PROJECT_PROJECTION = { outbox: 0, slugKey: 0 } as const;
export type ReadProjectRecord = Omit<ProjectRecord, keyof typeof PROJECT_PROJECTION>;

export function toProject(record: ReadProjectRecord): Project {
  return {
    id: record._id.toHexString() as ProjectId,
    tenantId: record.tenantId.toHexString() as TenantId,
    name: record.name,
    slug: record.slug,
    description: record.description,
    autostart: record.autostart,
    roleAssignments: record.roleAssignments.map(toRoleAssignment),
    roleCounters: record.roleCounters,
    pendingSnapshots: record.pendingSnapshots.map((id) => id.toHexString() as AgentInstanceId),
    pendingRemovals: record.pendingRemovals.map(toRoleAssignment),
    revision: record.revision,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    archivedAt: record.archivedAt,
  };
}

/** The document of a project that is not archived, its outbox empty. */
export function fromProject(project: Project): ProjectRecord {
  return {
    _id: new Types.ObjectId(project.id),
    tenantId: new Types.ObjectId(project.tenantId),
    name: project.name,
    slug: project.slug,
    slugKey: project.slug,
    description: project.description,
    autostart: project.autostart,
    roleAssignments: project.roleAssignments.map(fromRoleAssignment),
    roleCounters: { ...project.roleCounters },
    pendingSnapshots: project.pendingSnapshots.map((id) => new Types.ObjectId(id)),
    pendingRemovals: project.pendingRemovals.map(fromRoleAssignment),
    revision: project.revision,
    createdAt: project.createdAt,
    updatedAt: project.updatedAt,
    archivedAt: null,
    outbox: [],
  };
}

const toRoleAssignment = (record: RoleAssignmentRecord): RoleAssignment => ({
  instanceId: record.instanceId.toHexString() as AgentInstanceId,
  identifier: record.identifier,
  role: record.role,
  templateId: record.templateId.toHexString() as TemplateId,
  templateVersion: record.templateVersion,
  displayName: record.displayName,
  tags: record.tags,
  forkedFrom: record.forkedFrom ?? null,
  assignedAt: record.assignedAt,
  assignedBy: record.assignedBy,
  ...(record.spawn === undefined ? {} : { spawn: toSpawn(record.spawn) }),
});

export const fromRoleAssignment = (seat: RoleAssignment): RoleAssignmentRecord => ({
  instanceId: new Types.ObjectId(seat.instanceId),
  identifier: seat.identifier,
  role: seat.role,
  templateId: new Types.ObjectId(seat.templateId),
  templateVersion: seat.templateVersion,
  displayName: seat.displayName,
  tags: [...seat.tags],
  forkedFrom: seat.forkedFrom,
  assignedAt: seat.assignedAt,
  assignedBy: seat.assignedBy,
  ...(seat.spawn === undefined ? {} : { spawn: fromSpawn(seat.spawn) }),
});
