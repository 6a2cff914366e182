import type { AgentInstanceId, PoolMemberId } from '../../domain/ids.js';
import type { PoolContainer } from '../../domain/pool/pool-container.js';
import type { PoolContainerRecord } from './pool-container.schema.js';

export function toPoolContainer(record: PoolContainerRecord): PoolContainer {
  const { _id, claimedBy, startedAt = null, ...rest } = record;
  return {
    ...rest,
    startedAt,
    id: _id.toHexString() as PoolMemberId,
    claimedBy: claimedBy === null ? null : (claimedBy.toHexString() as AgentInstanceId),
  };
}
