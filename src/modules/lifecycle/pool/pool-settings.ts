import type { PoolPolicy } from '../../../domain/pool/pool-targets.js';
import type { Configuration } from '../../../platform/config/configuration.js';

/** The warm pool's sizes and times. What a user may want to set is in Configuration; the rest is not. */
export class PoolSettings implements PoolPolicy {
  readonly size: number = 0;
  readonly max: number = 20;
  readonly maxMemoryMiB: number = 8192;
  readonly maxIdleMs: number = 600_000;
  readonly demandMs: number = 60_000;
  /** How long a filler that died keeps others from filling. */
  readonly leadMs: number = 15_000;
  readonly renewLeadEveryMs: number = 3_000;
  /** How often to look whether the pool is as it should be, when nobody says so before. */
  readonly lookMs: number = 1_000;
  /** While there is to be no pool: how often to look for what an earlier Muster left. */
  readonly rareLookMs: number = 30_000;
  /** Nothing is prepared until nobody has started anything for so long, … */
  readonly quietMs: number = 250;
  /** … unless that never comes. */
  readonly longestQuietMs: number = 5_000;
  /** For one engine call. */
  readonly callTimeoutMs: number = 10_000;
  /** How long a prepared container may take to answer. */
  readonly startTimeoutMs: number = 30_000;
  /** How long one that was claimed may take to answer, before the next one is taken. */
  readonly answerTimeoutMs: number = 500;
  /** First wait after one could not be prepared; twice as long each time. */
  readonly retryMs: number = 1_000;
  readonly retryLongestMs: number = 60_000;

  constructor(overrides: Partial<PoolSettings> = {}) {
    Object.assign(this, overrides);
  }

  static from({ pool }: Configuration): PoolSettings {
    const { size, max, maxMemoryMiB, maxIdleSeconds } = pool;
    return new PoolSettings({ size, max, maxMemoryMiB, maxIdleMs: maxIdleSeconds * 1000 });
  }
}
