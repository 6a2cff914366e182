import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId, type AgentSnapshotId, type RunId } from '../../src/domain/ids.js';
import { INITIAL_LIFECYCLE, type Lifecycle, type Replica } from '../../src/domain/lifecycle/lifecycle.js';
import { canServe } from '../../src/domain/lifecycle/serving-replicas.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const replica = (index: number, changes: Partial<Replica>): Replica => ({
  index,
  operator: 'docker',
  containerId: `container-${index}`,
  containerName: null,
  specDigest: '',
  restartToken: 0,
  configuredRevision: 1,
  pid: null,
  state: 'running',
  health: 'healthy',
  startedAt: null,
  endpoint: null,
  ...changes,
});
const wanted = (changes: Partial<Lifecycle['desired']>): Pick<Lifecycle, 'desired'> => ({
  desired: { ...INITIAL_LIFECYCLE.desired, state: 'running', replicas: 2, ...changes },
});
const others = (changes: Partial<Replica>): Pick<Lifecycle, 'replicas'> => ({
  replicas: [replica(0, { state: 'failed' }), replica(1, changes)],
});
/** Copy 0 cannot be repaired; copy 1 runs. */
const BY_THE_OTHER: Lifecycle = { ...INITIAL_LIFECYCLE, state: 'failed', ...wanted({}), ...others({}) };

describe('runs and uses of an agent whose copy 0 is down', () => {
  let world: LifecycleWorld;

  beforeAll(async () => {
    world = await LifecycleWorld.create();
  });

  afterAll(async () => {
    await world.end();
  });

  it.each<[string, boolean, Partial<Lifecycle>]>([
    ['copy 1 runs', true, {}],
    ['copy 1 runs and fails its checks', true, others({ health: 'unhealthy' })],
    ['copy 1 runs, and is not wanted any more', false, wanted({ replicas: 1 })],
    ['copy 1 does not run either', false, others({ state: 'starting' })],
    ['copy 1 has no container', false, others({ containerId: null })],
    ['it is being removed', false, { state: 'removing' }],
    ['it is to be stopped', false, wanted({ state: 'stopped' })],
    ['it is to be paused', false, wanted({ state: 'paused' })],
    ['its workspace is being filled', false, { seed: { snapshotId: newId<AgentSnapshotId>(), revision: 1 } }],
  ])('are taken only where one can serve: %s', async (_, serves, changes) => {
    const path = await world.instance({ lifecycle: { ...BY_THE_OTHER, ...changes } });
    expect(canServe(await world.read(path))).toBe(serves);
    const [begun, used] = await Promise.allSettled([
      world.runs.begin(path, newId<RunId>(), 4),
      world.upkeep.beginUse(path, 'use', 1000),
    ]);
    const refused = { status: 'rejected', reason: { code: 'AGENT_NOT_RUNNING' } };
    const taken = { status: 'fulfilled' };
    expect([begun, used]).toMatchObject(serves ? [taken, taken] : [refused, refused]);
    const { openRuns, lifecycle } = await world.read(path);
    expect([openRuns.length, lifecycle.uses.length]).toEqual(serves ? [1, 1] : [0, 0]);
  });
});
