import { Types } from 'mongoose';
import type { InstanceRevision } from '../../domain/agent-instances/agent-instance.js';
import type { AgentInstanceId, TenantId } from '../../domain/ids.js';
import { fromIdentity, toIdentity } from '../templates/identity-text.js';
import type { InstanceRevisionRecord } from './instance-revision.schema.js';

export const toInstanceRevision = (record: InstanceRevisionRecord): InstanceRevision => ({
  instanceId: record.instanceId.toHexString() as AgentInstanceId,
  tenantId: record.tenantId.toHexString() as TenantId,
  revision: record.revision,
  soul: record.soul,
  aieos_identity: toIdentity(record.aieos_identity),
  displayName: record.displayName,
  tags: record.tags,
  changedFields: record.changedFields,
  changedBy: record.changedBy,
  changedAt: record.changedAt,
});

export const fromInstanceRevision = (revision: InstanceRevision): InstanceRevisionRecord => ({
  _id: new Types.ObjectId(),
  tenantId: new Types.ObjectId(revision.tenantId),
  instanceId: new Types.ObjectId(revision.instanceId),
  revision: revision.revision,
  soul: revision.soul,
  aieos_identity: fromIdentity(revision.aieos_identity),
  displayName: revision.displayName,
  tags: [...revision.tags],
  changedFields: [...revision.changedFields],
  changedBy: revision.changedBy,
  changedAt: revision.changedAt,
});
