import type { AgentInstanceId, PoolMemberId } from '../ids.js';

/**
 * preparing: a filler makes it. ready: it waits, its agent answering and knowing nothing yet. claimed: it is an agent's, for
 * as long as it lives. gone: nobody may have it any more; whoever sees it finishes its removal, and then the document goes.
 */
export type PoolState = 'preparing' | 'ready' | 'claimed' | 'gone';

/** A container of the warm pool, as the database knows it. */
export interface PoolContainer {
  readonly id: PoolMemberId;
  /** Digest of the specification it was made from: it stands for any container of that. */
  readonly pool: string;
  readonly state: PoolState;
  /** What it may use, which counts for as long as nobody has claimed it. */
  readonly memoryMiB: number;
  /** The engine's id; null until it is ready. */
  readonly containerId: string | null;
  /**
   * When its container was started, by the engine's clock: one that was started at another time was started by somebody else,
   * and is nobody's. null until it is ready, and where the engine did not say.
   */
  readonly startedAt: Date | null;
  /** Which filler makes or made it. */
  readonly preparedBy: string;
  readonly claimedBy: AgentInstanceId | null;
  readonly createdAt: Date;
}

export type NewPoolContainer = Pick<PoolContainer, 'id' | 'pool' | 'memoryMiB' | 'preparedBy'>;

/** One that is ready has an id, and so has one that was claimed. */
export type ReadyContainer = PoolContainer & { readonly containerId: string };
