import type { PoolDemand } from './pool-demands.repository.js';

/** How many warm containers there may be. */
export interface PoolPolicy {
  /** Kept ready of each specification in use; 0: there is no pool. */
  readonly size: number;
  /** Of all specifications together. */
  readonly max: number;
  /** What all of them together may use, as their limits say. */
  readonly maxMemoryMiB: number;
  /** A specification that nobody asked for so long keeps none. */
  readonly maxIdleMs: number;
  /** How long a use counts as demand. */
  readonly demandMs: number;
}

/**
 * How many of each specification shall be ready. Each use within the last `demandMs` raises the wish by one. The most
 * recently used specification is served first; the others share what the bounds leave.
 */
export function poolTargets(
  demands: readonly PoolDemand[],
  policy: PoolPolicy,
  now: Date,
): ReadonlyMap<string, number> {
  const targets = new Map<string, number>();
  if (policy.size === 0) return targets;
  let left = policy.max;
  let memoryLeft = policy.maxMemoryMiB;
  const since = (time: Date): number => now.getTime() - time.getTime();
  const newestFirst = [...demands].sort((a, b) => b.lastUsedAt.getTime() - a.lastUsedAt.getTime());
  for (const { pool, spec, lastUsedAt, uses } of newestFirst) {
    if (since(lastUsedAt) >= policy.maxIdleMs) break;
    const wished = policy.size + uses.filter((use) => since(use) < policy.demandMs).length;
    const { memoryMiB } = spec.limits;
    const granted = Math.min(wished, left, Math.floor(memoryLeft / memoryMiB));
    left -= granted;
    memoryLeft -= granted * memoryMiB;
    targets.set(pool, granted);
  }
  return targets;
}
