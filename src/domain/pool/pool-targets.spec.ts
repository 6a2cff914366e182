import { describe, expect, it } from '@jest/globals';
import type { PoolDemand } from './pool-demands.repository.js';
import { poolTargets, type PoolPolicy } from './pool-targets.js';

const NOW = new Date('2026-01-31T12:00:00Z');
const POLICY: PoolPolicy = { size: 2, max: 10, maxMemoryMiB: 8192, maxIdleMs: 600_000, demandMs: 60_000 };

const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);

function demand(pool: string, usedSecondsAgo: readonly number[], memoryMiB = 512): PoolDemand {
  const uses = usedSecondsAgo.map(ago);
  return {
    pool,
    spec: {
      image: 'sha256:one',
      limits: { cpus: 1, memoryMiB, pids: 64, tmpfsMiB: 16 },
      isolation: 'runc',
      gracePeriodSeconds: 4,
    },
    lastUsedAt: uses.at(-1) ?? ago(0),
    uses,
  };
}

const targets = (demands: readonly PoolDemand[], policy: Partial<PoolPolicy> = {}): Record<string, number> =>
  Object.fromEntries(poolTargets(demands, { ...POLICY, ...policy }, NOW));

describe('how many warm containers there shall be', () => {
  it('is the size for what was used a while ago, and one more for each use just now', () => {
    expect(targets([demand('a', [300])])).toEqual({ a: 2 });
    expect(targets([demand('a', [300, 50, 10])])).toEqual({ a: 4 });
  });

  it('is none for what nobody asked for so long', () => {
    expect(targets([demand('a', [601])])).toEqual({});
    expect(targets([demand('a', [599])])).toEqual({ a: 2 });
  });

  it('is none at all when there is to be no pool', () => {
    expect(targets([demand('a', [1])], { size: 0 })).toEqual({});
  });

  it('serves the most recently used first, and the others with what is left', () => {
    const demands = [demand('old', [300]), demand('new', [100]), demand('older', [400])];
    expect(targets(demands, { max: 3 })).toEqual({ new: 2, old: 1, older: 0 });
  });

  it('never grants more memory than all pools may use together', () => {
    const demands = [demand('small', [200], 256), demand('large', [100], 1024)];
    expect(targets(demands, { maxMemoryMiB: 1300 })).toEqual({ large: 1, small: 1 });
    expect(targets(demands, { maxMemoryMiB: 100 })).toEqual({ large: 0, small: 0 });
  });
});
