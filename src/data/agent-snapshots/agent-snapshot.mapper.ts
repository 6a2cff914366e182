import { Types } from 'mongoose';
import type { AgentSnapshot, SnapshotBlueprint } from '../../domain/agent-snapshots/agent-snapshot.js';
import type { AgentInstanceId, AgentSnapshotId, ProjectId, TemplateId, TenantId } from '../../domain/ids.js';
import type { ToolReference } from '../../domain/templates/blueprint.js';
import { fromIdentity, toIdentity } from '../templates/identity-text.js';
import type { AgentSnapshotRecord, BlueprintRecord } from './agent-snapshot.schema.js';

/** What a read has to bring: what the domain knows of. */
export const AGENT_SNAPSHOT_PROJECTION = { outbox: 0, place: 0, makerUntil: 0, uncleared: 0 } as const;

export type ReadAgentSnapshot = Omit<AgentSnapshotRecord, keyof typeof AGENT_SNAPSHOT_PROJECTION>;

export const toAgentSnapshot = (record: ReadAgentSnapshot): AgentSnapshot => ({
  id: record._id.toHexString() as AgentSnapshotId,
  tenantId: record.tenantId.toHexString() as TenantId,
  projectId: record.projectId.toHexString() as ProjectId,
  instanceId: record.instanceId.toHexString() as AgentInstanceId,
  revision: record.revision,
  role: record.role,
  templateId: record.templateId.toHexString() as TemplateId,
  templateVersion: record.templateVersion,
  templateDigest: record.templateDigest,
  blueprint: toBlueprint(record.blueprint),
  blueprintDigest: record.blueprintDigest,
  target: record.target,
  reason: record.reason,
  state: record.state,
  archive: record.archive,
  image: record.image,
  error: record.error,
  createdBy: record.createdBy,
  createdAt: record.createdAt,
  endedAt: record.endedAt,
});

/** Everything but what the repository alone knows of. */
export const fromAgentSnapshot = (snapshot: AgentSnapshot): ReadAgentSnapshot => ({
  _id: new Types.ObjectId(snapshot.id),
  tenantId: new Types.ObjectId(snapshot.tenantId),
  projectId: new Types.ObjectId(snapshot.projectId),
  instanceId: new Types.ObjectId(snapshot.instanceId),
  revision: snapshot.revision,
  role: snapshot.role,
  templateId: new Types.ObjectId(snapshot.templateId),
  templateVersion: snapshot.templateVersion,
  templateDigest: snapshot.templateDigest,
  blueprint: fromBlueprint(snapshot.blueprint),
  blueprintDigest: snapshot.blueprintDigest,
  target: snapshot.target,
  reason: snapshot.reason,
  state: snapshot.state,
  archive: snapshot.archive,
  image: snapshot.image,
  error: snapshot.error,
  createdBy: snapshot.createdBy,
  createdAt: snapshot.createdAt,
  endedAt: snapshot.endedAt,
});

const toBlueprint = (record: BlueprintRecord): SnapshotBlueprint => ({
  ...record,
  aieos_identity: toIdentity(record.aieos_identity),
  tools: JSON.parse(record.tools) as ToolReference[],
});

const fromBlueprint = (blueprint: SnapshotBlueprint): BlueprintRecord => ({
  ...blueprint,
  aieos_identity: fromIdentity(blueprint.aieos_identity),
  tools: JSON.stringify(blueprint.tools),
  tags: [...blueprint.tags],
});
