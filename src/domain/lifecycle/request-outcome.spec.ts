import { describe, expect, it } from '@jest/globals';
import { INITIAL_LIFECYCLE, type Desired, type Replica } from './lifecycle.js';
import type { LifecycleState } from './lifecycle-states.js';
import { outcomeOf, type Asked, type RequestOutcome } from './request-outcome.js';

const desired = (state: Desired['state'], generation: number, restartToken = 0): Desired => ({
  ...INITIAL_LIFECYCLE.desired,
  state,
  generation,
  restartToken,
});

const outcome = (
  { state: askedState, generation, restartToken }: Desired,
  now: Desired,
  observedGeneration: number,
  state: LifecycleState,
  ...others: LifecycleState[]
): RequestOutcome =>
  outcomeOf(
    { desired: now, observedGeneration, state, replicas: replicas(state, ...others) },
    {
      state: askedState,
      generation,
      restartToken,
    },
  );

const replicas = (...states: LifecycleState[]): Replica[] =>
  states.map((state, index) => ({
    index,
    operator: 'docker',
    containerId: 'id',
    containerName: 'name',
    specDigest: 'spec',
    restartToken: 0,
    configuredRevision: 1,
    pid: null,
    state,
    health: 'unknown',
    startedAt: null,
    endpoint: null,
  }));

describe("a request's outcome", () => {
  const start = desired('running', 2);

  it('is pending until its generation was dealt with', () => {
    expect(outcome(start, start, 1, 'starting')).toBe('pending');
    expect(outcome(start, start, 1, 'failed')).toBe('pending');
  });

  it('is reached in the state that was asked for', () => {
    expect(outcome(start, start, 2, 'running')).toBe('reached');
    expect(outcome(desired('stopped', 2), desired('stopped', 2), 2, 'enabled')).toBe('reached');
    expect(outcome(desired('removed', 2), desired('removed', 2), 2, 'removed')).toBe('reached');
  });

  it('is failed, and pending again while it is tried again', () => {
    expect(outcome(start, start, 2, 'failed')).toBe('failed');
    expect(outcome(start, start, 2, 'creating')).toBe('pending');
  });

  it('is not superseded by what was read before it was asked for', () => {
    expect(outcome(start, desired('stopped', 1), 1, 'stopped')).toBe('pending');
  });

  it('is superseded by another request, not by the same one again', () => {
    expect(outcome(start, desired('stopped', 3), 1, 'running')).toBe('superseded');
    expect(outcome(start, desired('running', 3, 1), 1, 'running')).toBe('superseded');
    expect(outcome(start, desired('running', 3), 2, 'running')).toBe('reached');
  });

  it('is reached once every replica is as asked, and failed where one failed', () => {
    expect(outcome(start, start, 2, 'running', 'running', 'running')).toBe('reached');
    expect(outcome(start, start, 2, 'running', 'running', 'starting')).toBe('pending');
    expect(outcome(start, start, 2, 'running', 'failed', 'running')).toBe('failed');
    expect(outcome(start, start, 1, 'running', 'failed')).toBe('pending');
  });

  it('is superseded by another number of replicas for who asked for so many, and for nobody else', () => {
    const one = { observedGeneration: 3, state: 'running', replicas: replicas('running') } as const;
    const asked: Asked = { state: 'running', generation: 2, restartToken: 0 };
    const now = desired('running', 3);
    expect(outcomeOf({ ...one, desired: { ...now, replicas: 1 } }, { ...asked, replicas: 3 })).toBe('superseded');
    expect(outcomeOf({ ...one, desired: { ...now, replicas: 1 } }, { ...asked, replicas: 1 })).toBe('reached');
    expect(outcomeOf({ ...one, desired: { ...now, replicas: 1 } }, asked)).toBe('reached');
  });
});
