import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../src/domain/events/actor.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction, LifecycleState } from '../../src/domain/lifecycle/lifecycle-states.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;

type Asked = Extract<LifecycleAction, 'start' | 'stop' | 'restart' | 'scale' | 'enable' | 'disable'>;

/** 409: it is refused, and changes nothing. */
type Outcome = LifecycleState | 409;

/** What becomes of an agent that rests in this state. */
const TABLE = {
  enabled: { start: 'running', stop: 'enabled', restart: 'running', scale: 'enabled', enable: 'enabled', disable: 'disabled' },
  running: { start: 'running', stop: 'stopped', restart: 'running', scale: 'running', enable: 'running', disable: 'disabled' },
  paused: { start: 'running', stop: 'stopped', restart: 'running', scale: 'paused', enable: 'paused', disable: 'disabled' },
  stopped: { start: 'running', stop: 'stopped', restart: 'running', scale: 'stopped', enable: 'stopped', disable: 'disabled' },
  failed: { start: 'running', stop: 'stopped', restart: 'running', scale: 'running', enable: 'failed', disable: 'disabled' },
  disabled: { start: 409, stop: 409, restart: 409, scale: 409, enable: 'enabled', disable: 'disabled' },
} as const satisfies Partial<Record<LifecycleState, Record<Asked, Outcome>>>; // prettier-ignore

type Resting = keyof typeof TABLE;

const CASES = Object.entries(TABLE).flatMap(([state, row]) =>
  Object.entries(row).map(([action, outcome]) => [action as Asked, state as Resting, outcome as Outcome] as const),
);

describe('every action in every state in which an agent rests', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeAll(async () => {
    world = await LifecycleWorld.create();
    // What fails is not tried again unless somebody asks.
    muster = world.host({ policy: { baseMs: 600_000, longestMs: 600_000, limit: 5, stableMs: 60_000 } }).start();
  });

  afterAll(async () => {
    await world.end();
  });

  const act = async (path: InstancePath, action: LifecycleAction, replicas?: number) =>
    (await muster.service.act(path, action, ADMIN, WAIT_MS, replicas)).instance.lifecycle;

  async function resting(state: Resting): Promise<InstancePath> {
    const path = await world.instance();
    if (state === 'failed') {
      world.engine.failNext('create', 'before', 'create-failed');
      await expect(act(path, 'start')).rejects.toMatchObject({ code: 'CONTAINER_CREATE_FAILED' });
    } else if (state === 'disabled') await act(path, 'disable');
    else if (state !== 'enabled') await act(path, 'start');
    if (state === 'paused') await act(path, 'pause');
    if (state === 'stopped') await act(path, 'stop');
    expect((await world.read(path)).lifecycle.state).toBe(state);
    return path;
  }

  it.each(CASES)('%s of one that is %s: %s', async (action, state, outcome) => {
    const path = await resting(state);
    const { lifecycle: before } = await world.read(path);
    const replicas = action === 'scale' ? 2 : undefined;
    if (outcome === 409) {
      await expect(act(path, action, replicas)).rejects.toMatchObject({ code: 'INVALID_TRANSITION' });
      expect((await world.read(path)).lifecycle).toMatchObject({ state, desired: before.desired });
      return;
    }
    const after = await act(path, action, replicas);
    expect(after).toMatchObject({ state: outcome, observedGeneration: after.desired.generation });
    expect(after.desired.replicas).toBe(replicas ?? 1);
    const containers = world.engine.of(path.id);
    const isUp = outcome === 'running' || outcome === 'paused';
    const up = containers.filter((container) => container.state === outcome);
    if (isUp) expect(up).toHaveLength(replicas ?? 1);
    else expect(containers.filter((container) => container.state === 'running')).toEqual([]);
    const started = world.engine.calls.filter(({ call, target }) => call === 'start' && target === containers[0]?.id);
    // One that runs is another process after a restart, and the same after anything else.
    if (state === 'running' && isUp) expect(started).toHaveLength(action === 'restart' ? 2 : 1);
  });
});
