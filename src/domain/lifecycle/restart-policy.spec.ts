import { describe, expect, it } from '@jest/globals';
import { lifecycleError } from './recovery.js';
import { backOffMs, countFailure, hasGivenUp, type RestartPolicy } from './restart-policy.js';

const POLICY: RestartPolicy = { baseMs: 100, longestMs: 1000, limit: 3, stableMs: 60_000 };
const NOW = new Date('2026-01-31T12:00:00Z');
const ago = (ms: number): Date => new Date(NOW.getTime() - ms);

describe('the restart policy', () => {
  it('waits twice as long each time, up to the longest', () => {
    expect([1, 2, 3, 4, 5, 99].map((failures) => backOffMs(failures, POLICY))).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ]);
  });

  it('counts failures in a row, anew after the agent ran well', () => {
    expect(
      countFailure({ failures: 2, state: 'running', startedAt: ago(60_000) }, 'CONTAINER_EXITED', NOW, POLICY),
    ).toBe(1);
    expect(
      countFailure({ failures: 2, state: 'running', startedAt: ago(59_999) }, 'CONTAINER_EXITED', NOW, POLICY),
    ).toBe(3);
    const hung = { failures: 2, state: 'running', startedAt: ago(60_000) } as const;
    expect(countFailure(hung, 'HEALTH_CHECK_FAILED', NOW, POLICY)).toBe(3);
    expect(countFailure({ failures: 2, state: 'starting', startedAt: null }, 'CONTAINER_EXITED', NOW, POLICY)).toBe(3);
  });

  it('gives up at the limit, and at once on what trying again does not heal', () => {
    expect(hasGivenUp({ failures: 2, error: lifecycleError('CONTAINER_EXITED', 'x') }, POLICY)).toBe(false);
    expect(hasGivenUp({ failures: 3, error: lifecycleError('CONTAINER_EXITED', 'x') }, POLICY)).toBe(true);
    expect(hasGivenUp({ failures: 1, error: lifecycleError('RUNTIME_UNSUPPORTED', 'x') }, POLICY)).toBe(true);
  });

  it("never gives up on what is no agent's fault", () => {
    for (const code of ['WORKSPACE_UNAVAILABLE', 'ENGINE_DISK_FULL'] as const) {
      expect(hasGivenUp({ failures: 99, error: lifecycleError(code, 'x') }, POLICY)).toBe(false);
    }
  });
});
