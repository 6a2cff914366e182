import type { AgentInstanceId, PoolMemberId } from '../ids.js';
import type { NewPoolContainer, PoolContainer, PoolState, ReadyContainer } from './pool-container.js';

/** The containers of the warm pool. Each method is one conditional write, or a read. */
export abstract class PoolContainers {
  /** Before its container is made, so that no container is ever without its document. */
  abstract insert(container: NewPoolContainer): Promise<void>;

  /** preparing → ready; false when somebody has given it up meanwhile. */
  abstract markReady(
    id: PoolMemberId,
    container: { readonly id: string; readonly startedAt: Date | null },
  ): Promise<boolean>;

  /**
   * ready → claimed: the longest waiting of that pool, for exactly one claimant. An instance that has claimed one already, and
   * whose Muster died before that was on record, gets the same one again.
   */
  abstract claim(pool: string, instance: AgentInstanceId): Promise<ReadyContainer | null>;

  /** → gone, from exactly that state; false when it is in another by now. */
  abstract retire(id: PoolMemberId, from: Exclude<PoolState, 'gone'>): Promise<boolean>;

  /** Forgets one that is gone: its container and its folders are removed. */
  abstract forget(id: PoolMemberId): Promise<void>;

  abstract find(id: PoolMemberId): Promise<PoolContainer | null>;

  /** Of those states, oldest first. */
  abstract list(...states: readonly PoolState[]): Promise<readonly PoolContainer[]>;
}
