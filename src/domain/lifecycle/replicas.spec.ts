import { describe, expect, it } from '@jest/globals';
import { newId, type AgentInstanceId, type ProjectId, type TenantId } from '../ids.js';
import { INITIAL_LIFECYCLE, type Lifecycle, type Replica } from './lifecycle.js';
import type { ManagedInstance } from './managed-instance.js';
import { lifecycleError } from './recovery.js';
import {
  containerOfReplica,
  errorOf,
  errorOfReplica,
  INITIAL_CONDITION,
  replicaIn,
  replicaView,
  runningContainer,
} from './replicas.js';

const replica = (index: number, changes: Partial<Replica> = {}): Replica => ({
  index,
  operator: 'docker',
  containerId: `container-${index}`,
  containerName: `name-${index}`,
  specDigest: 'spec',
  restartToken: 0,
  configuredRevision: 1,
  pid: 7,
  state: 'running',
  health: 'healthy',
  startedAt: new Date(),
  endpoint: 'unix',
  ...(index === 0 ? {} : { condition: INITIAL_CONDITION }),
  ...changes,
});

const instance = (changes: Partial<Lifecycle>): ManagedInstance => ({
  id: newId<AgentInstanceId>(),
  tenantId: newId<TenantId>(),
  projectId: newId<ProjectId>(),
  identifier: 'web-app-dev-1',
  manifest: {},
  status: 'idle',
  pid: 7,
  openRuns: [],
  revision: 1,
  removedAt: null,
  lifecycle: {
    ...INITIAL_LIFECYCLE,
    state: 'running',
    desired: { ...INITIAL_LIFECYCLE.desired, state: 'running', replicas: 3, generation: 4 },
    containerId: 'container-0',
    replicas: [replica(0), replica(1), replica(2, { state: 'failed', containerId: null })],
    expiresAt: new Date(),
    ...changes,
  },
});

const down = lifecycleError('CONTAINER_EXITED', 'It ended.');
const failing = (index: number): Replica =>
  replica(index, { condition: { ...INITIAL_CONDITION, error: down, failures: 3, observedGeneration: 4 } });

describe('an instance as one of its replicas sees it', () => {
  it('is itself to the first', () => {
    const of = instance({});
    expect(replicaView(of, 0)).toBe(of);
  });

  it('has the state, the container and the failures of that replica, and is alone', () => {
    const { pid, lifecycle } = replicaView(instance({ replicas: [replica(0), failing(1)] }), 1);
    expect(pid).toBe(7);
    expect(lifecycle).toMatchObject({ state: 'running', containerId: 'container-1', failures: 3, error: down });
    expect(lifecycle).toMatchObject({ desired: { state: 'running', replicas: 1 }, expiresAt: null });
    expect(lifecycle.replicas).toHaveLength(1);
  });

  it('is not made yet where nothing is on record', () => {
    expect(replicaView(instance({ replicas: [replica(0)] }), 1).lifecycle).toMatchObject({
      state: 'enabled',
      containerId: null,
      replicas: [],
      observedGeneration: 0,
    });
  });

  it('is to be removed where fewer are wanted, and where the agent is disabled', () => {
    const { lifecycle } = instance({});
    const wanted = (desired: Partial<Lifecycle['desired']>, index: number): string =>
      replicaView(instance({ desired: { ...lifecycle.desired, ...desired } }), index).lifecycle.desired.state;
    expect([wanted({ replicas: 2 }, 1), wanted({ replicas: 2 }, 2)]).toEqual(['running', 'removed']);
    expect([wanted({ state: 'disabled' }, 1), wanted({ state: 'stopped' }, 1)]).toEqual(['removed', 'stopped']);
  });

  it('has forgotten the failures of before the last request', () => {
    const old = replica(1, { condition: { ...INITIAL_CONDITION, failures: 3, observedGeneration: 3 } });
    expect(replicaView(instance({ replicas: [replica(0), old] }), 1).lifecycle.failures).toBe(0);
  });
});

describe('a replica', () => {
  it('has a process while it is up, and at no other time', () => {
    expect(replicaIn('paused', replica(1))).toMatchObject({ state: 'paused', pid: 7 });
    expect(replicaIn('stopped', replica(1))).toMatchObject({ pid: null, startedAt: null, health: 'unknown' });
  });

  it("shows its own error, and the agent's is the first there is", () => {
    const of = instance({ replicas: [replica(0), replica(1), failing(2)] }).lifecycle;
    expect(of.replicas.map((one) => errorOfReplica(of, one))).toEqual([null, null, down]);
    expect(errorOf(of)).toEqual(down);
    const own = lifecycleError('RUNTIME_UNAVAILABLE', 'away');
    expect(errorOf({ ...of, error: own })).toEqual(own);
    expect(errorOf({ ...of, replicas: [replica(0)] })).toBeNull();
  });

  it('has a container to be asked for, one that runs, or none', () => {
    const of = instance({});
    expect([0, 1, 2].map((index) => containerOfReplica(of, index))).toEqual(['container-0', 'container-1', null]);
    expect(runningContainer(of, 1)).toBe('container-1');
    expect(() => runningContainer(of, 2)).toThrow(/is failed, not running/);
    expect(() => containerOfReplica(of, 3)).toThrow(/There is no replica 3 of the agent/);
    expect(containerOfReplica(instance({ replicas: [], containerId: null }), 0)).toBeNull();
  });
});
