import type { SnapshotBlueprint } from '../../domain/agent-snapshots/agent-snapshot.js';
import { Types } from 'mongoose';
import type { AgentInstance, InstanceEdit } from '../../domain/agent-instances/agent-instance.js';
import type { InstanceHead, NewAgentInstance } from '../../domain/agent-instances/agent-instances.repository.js';
import type { AgentInstanceId, ProjectId, RunId, TemplateId, TenantId } from '../../domain/ids.js';
import type { ToolReference } from '../../domain/templates/blueprint.js';
import { toOutboxRecord } from '../outbox/outbox.schema.js';
import { fromSpawn, toSpawn } from '../projects/spawn-record.js';
import { fromIdentity, toIdentity } from '../templates/identity-text.js';
import type { AgentInstanceRecord } from './agent-instance.schema.js';

/** What a read has to bring: everything but the outbox and who made the last change. */
export const AGENT_INSTANCE_PROJECTION = { outbox: 0, lastChange: 0 } as const;

export type ReadAgentInstance = Omit<AgentInstanceRecord, 'outbox' | 'lastChange'>;

export function toAgentInstance(record: ReadAgentInstance): AgentInstance {
  return {
    id: record._id.toHexString() as AgentInstanceId,
    projectId: record.projectId.toHexString() as ProjectId,
    tenantId: record.tenantId.toHexString() as TenantId,
    templateId: record.templateId.toHexString() as TemplateId,
    templateVersion: record.templateVersion,
    templateDigest: record.templateDigest,
    role: record.role,
    displayName: record.displayName,
    identifier: record.identifier,
    tags: record.tags,
    pid: record.pid,
    soul: record.soul,
    aieos_identity: toIdentity(record.aieos_identity),
    systemPrompt: record.systemPrompt,
    tools: JSON.parse(record.tools) as ToolReference[],
    config: record.config,
    manifest: record.manifest,
    status: record.status,
    openRuns: record.openRuns.map((id) => id.toHexString() as RunId),
    workspacePath: record.workspacePath,
    lifecycle: record.lifecycle,
    ...(record.spawn === undefined ? {} : { spawn: toSpawn(record.spawn) }),
    ...(record.signedOrigin === undefined ? {} : { signedOrigin: record.signedOrigin }),
    revision: record.revision,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    removedAt: record.removedAt,
  };
}

/** Everything but the outbox and who made the last change, which the caller adds. */
export function fromAgentInstance(instance: AgentInstance): ReadAgentInstance {
  return {
    _id: new Types.ObjectId(instance.id),
    tenantId: new Types.ObjectId(instance.tenantId),
    projectId: new Types.ObjectId(instance.projectId),
    templateId: new Types.ObjectId(instance.templateId),
    templateVersion: instance.templateVersion,
    templateDigest: instance.templateDigest,
    role: instance.role,
    displayName: instance.displayName,
    identifier: instance.identifier,
    tags: [...instance.tags],
    pid: instance.pid,
    soul: instance.soul,
    aieos_identity: fromIdentity(instance.aieos_identity),
    systemPrompt: instance.systemPrompt,
    tools: JSON.stringify(instance.tools),
    config: instance.config,
    manifest: instance.manifest,
    status: instance.status,
    openRuns: instance.openRuns.map((id) => new Types.ObjectId(id)),
    workspacePath: instance.workspacePath,
    lifecycle: instance.lifecycle,
    ...(instance.spawn === undefined ? {} : { spawn: fromSpawn(instance.spawn) }),
    ...(instance.signedOrigin === undefined ? {} : { signedOrigin: instance.signedOrigin }),
    revision: instance.revision,
    createdAt: instance.createdAt,
    updatedAt: instance.updatedAt,
    removedAt: instance.removedAt,
  };
}

/** What a read has to bring for an edit: who made the present revision too. */
export const HEAD_PROJECTION = { outbox: 0 } as const;

export type ReadHead = Omit<AgentInstanceRecord, 'outbox'>;

export const toHead = (record: ReadHead): InstanceHead => ({
  instance: toAgentInstance(record),
  lastChange: record.lastChange,
});

export const fromNewInstance = ({ instance, lastChange, events }: NewAgentInstance): AgentInstanceRecord => ({
  ...fromAgentInstance(instance),
  lastChange: { ...lastChange, fields: [...lastChange.fields] },
  outbox: events.map(toOutboxRecord),
});

/** The fields that an edit gives, as they are stored. */
export const fromEdit = (
  edit: InstanceEdit,
): Partial<Pick<AgentInstanceRecord, 'soul' | 'aieos_identity' | 'displayName' | 'tags'>> => ({
  ...(edit.soul === undefined ? {} : { soul: edit.soul }),
  ...(edit.aieos_identity === undefined ? {} : { aieos_identity: fromIdentity(edit.aieos_identity) }),
  ...(edit.displayName === undefined ? {} : { displayName: edit.displayName }),
  ...(edit.tags === undefined ? {} : { tags: [...edit.tags] }),
});

/** All that an agent is told to be, as it is stored. */
export const fromBlueprint = (blueprint: SnapshotBlueprint): Pick<AgentInstanceRecord, keyof SnapshotBlueprint> => ({
  soul: blueprint.soul,
  aieos_identity: fromIdentity(blueprint.aieos_identity),
  systemPrompt: blueprint.systemPrompt,
  tools: JSON.stringify(blueprint.tools),
  config: blueprint.config,
  manifest: blueprint.manifest,
  displayName: blueprint.displayName,
  tags: [...blueprint.tags],
});
