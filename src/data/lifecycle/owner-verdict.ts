import type { AgentInstanceId } from '../../domain/ids.js';
import type { OwnerVerdict } from '../../domain/lifecycle/lifecycle-records.js';
import type { Lifecycle, Replica } from '../../domain/lifecycle/lifecycle.js';
import type { AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';

/** Of an instance, what tells which containers are its. */
export type OwnerRecord = Pick<AgentInstanceRecord, '_id' | 'removedAt'> & {
  lifecycle: Pick<Lifecycle, 'containerId'> & { replicas?: Pick<Replica, 'containerId'>[] };
};

/** @param record undefined: there is no such instance */
export function verdictOn(id: AgentInstanceId, record: OwnerRecord | undefined): OwnerVerdict {
  if (record === undefined) return { id, kind: 'unknown', containerId: null, containerIds: [] };
  const { containerId, replicas = [] } = record.lifecycle;
  const containerIds = replicas.flatMap((replica) => replica.containerId ?? []);
  return { id, kind: record.removedAt === null ? 'known' : 'removed', containerId, containerIds };
}
