import type { InstanceRevision } from '../../domain/agent-instances/agent-instance.js';
import type { InstanceHead } from '../../domain/agent-instances/agent-instances.repository.js';

/** The present revision, as the history will keep it. */
export const revisionOf = ({ instance, lastChange }: InstanceHead): InstanceRevision => ({
  instanceId: instance.id,
  tenantId: instance.tenantId,
  revision: instance.revision,
  soul: instance.soul,
  aieos_identity: instance.aieos_identity,
  displayName: instance.displayName,
  tags: instance.tags,
  changedFields: lastChange.fields,
  changedBy: lastChange.by,
  changedAt: lastChange.at,
});
