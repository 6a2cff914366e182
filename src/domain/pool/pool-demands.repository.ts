import type { PoolSpec } from './pool-spec.js';

/** How much a specification has been asked for. */
export interface PoolDemand {
  /** Digest of `spec`. */
  readonly pool: string;
  readonly spec: PoolSpec;
  readonly lastUsedAt: Date;
  /** When it was asked for, whether there was a warm one or not; the newest ones, oldest first. */
  readonly uses: readonly Date[];
}

/** What was asked for lately, by specification: what the pool's sizes follow. */
export abstract class PoolDemands {
  abstract note(pool: string, spec: PoolSpec, uses: readonly Date[]): Promise<void>;
  abstract list(): Promise<readonly PoolDemand[]>;
  /** Unless it was asked for again since `seen`. */
  abstract forget(seen: PoolDemand): Promise<void>;

  /**
   * Takes, or keeps, the right to fill the pool for `ttlMs` by the database's clock; so several Musters do not fill it several
   * times over. What makes claims correct are their own conditional writes.
   */
  abstract takeLead(owner: string, ttlMs: number): Promise<boolean>;
  abstract releaseLead(owner: string): Promise<void>;
}
