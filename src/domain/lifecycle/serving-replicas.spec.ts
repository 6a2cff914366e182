import { describe, expect, it } from '@jest/globals';
import { newId, type AgentInstanceId, type ProjectId, type TenantId } from '../ids.js';
import type { LifecycleState } from './lifecycle-states.js';
import { INITIAL_LIFECYCLE, type Lifecycle, type Replica, type ReplicaHealth } from './lifecycle.js';
import type { ManagedInstance } from './managed-instance.js';
import { byTurns, canServe, firstOne, firstOnes, servingReplicas } from './serving-replicas.js';

type Fares = LifecycleState | ReplicaHealth;

/** A copy runs and is healthy but for what is said. */
const replica = (index: number, fares: Fares): Replica => {
  const isHealth = fares === 'unknown' || fares === 'healthy' || fares === 'unhealthy';
  return {
    index,
    operator: 'docker',
    containerId: fares === 'creating' ? null : `container-${index}`,
    containerName: null,
    specDigest: '',
    restartToken: 0,
    configuredRevision: 1,
    pid: null,
    state: isHealth ? 'running' : fares,
    health: isHealth ? fares : 'unknown',
    startedAt: null,
    endpoint: null,
  };
};

const instance = (fares: readonly Fares[], changes: Partial<Lifecycle> = {}): ManagedInstance => {
  const replicas = fares.map((one, index) => replica(index, one));
  return {
    id: newId<AgentInstanceId>(),
    tenantId: newId<TenantId>(),
    projectId: newId<ProjectId>(),
    identifier: 'web-app-dev-1',
    manifest: {},
    status: 'idle',
    pid: null,
    openRuns: [],
    revision: 1,
    removedAt: null,
    lifecycle: {
      ...INITIAL_LIFECYCLE,
      state: replicas[0]!.state,
      containerId: replicas[0]!.containerId,
      desired: { ...INITIAL_LIFECYCLE.desired, state: 'running', replicas: fares.length },
      replicas,
      ...changes,
    },
  };
};

describe('the copies that can serve', () => {
  const wanted = { ...INITIAL_LIFECYCLE.desired, state: 'running' } as const;

  it.each<[string, readonly Fares[], Partial<Lifecycle>, readonly number[], readonly number[]]>([
    ['all that run', ['healthy', 'unknown', 'healthy'], {}, [0, 1, 2], []],
    ['the one there is', ['healthy'], {}, [0], []],
    ['the others where the first does not run', ['failed', 'healthy', 'healthy'], {}, [1, 2], []],
    ['the others where the first is made anew', ['creating', 'healthy', 'starting'], {}, [1], []],
    ['with what fails its health checks apart', ['unhealthy', 'healthy', 'unhealthy'], {}, [1], [0, 2]],
    ['none that stops or is paused', ['stopping', 'paused', 'stopped'], {}, [], []],
    ['none that is to go', ['healthy', 'healthy', 'healthy'], { desired: { ...wanted, replicas: 2 } }, [0, 1], []],
    ['none when it is to stop', ['healthy', 'healthy'], { desired: { ...wanted, state: 'stopped' } }, [], []],
    ['none when it is to be paused', ['healthy', 'healthy'], { desired: { ...wanted, state: 'paused' } }, [], []],
    ['none of an agent that falls asleep', ['stopping', 'healthy'], { sleep: 'asleep' }, [], []],
    [
      'none beside the first while the workspace is filled',
      ['healthy', 'healthy'],
      { desired: { ...wanted, replicas: 2 }, seed: { snapshotId: newId(), revision: 1 } },
      [0],
      [],
    ],
  ])('are %s', (_what, fares, changes, up, ailing) => {
    const seen = instance(fares, changes);
    expect(servingReplicas(seen)).toEqual({ up, ailing });
    expect(canServe(seen)).toBe(up.length + ailing.length > 0);
    expect(firstOne(seen)).toBe([...up, ...ailing][0] ?? 0);
  });
});

describe('the order in which they are asked', () => {
  it('is the same each time where that matters, with the ailing last', () => {
    expect(firstOnes({ up: [1, 2], ailing: [0] })).toEqual([1, 2, 0]);
  });

  it('goes round', () => {
    const up = [0, 1, 2];
    const taken: number[] = [];
    for (let last: number | null = null; taken.length < 7; taken.push(last))
      last = byTurns({ up, ailing: [] }, last)[0]!;
    expect(taken).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  it('goes on after one that is gone, and names each of the others once', () => {
    expect(byTurns({ up: [0, 2, 3], ailing: [1] }, 1)).toEqual([2, 3, 0, 1]);
    expect(byTurns({ up: [0, 1], ailing: [] }, 4)).toEqual([0, 1]);
    expect(byTurns({ up: [], ailing: [0, 1] }, 0)).toEqual([1, 0]);
    expect(byTurns({ up: [], ailing: [] }, 0)).toEqual([]);
  });
});
