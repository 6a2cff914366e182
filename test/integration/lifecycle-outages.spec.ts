import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../src/domain/events/actor.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction, LifecycleState } from '../../src/domain/lifecycle/lifecycle-states.js';
import { eventually } from '../support/eventually.js';
import type { EngineCall } from '../support/fake-engine.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;

describe('the reconciler, when the engine fails or is away', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    muster = world.host().start();
  });

  afterEach(async () => {
    await world.end();
  });

  const act = async (path: InstancePath, action: LifecycleAction) => muster.service.act(path, action, ADMIN, WAIT_MS);

  const until = async (path: InstancePath, state: LifecycleState): Promise<void> =>
    eventually(async () => {
      expect((await world.read(path)).lifecycle.state).toBe(state);
    });

  /** The whole way up and down, whatever is injected. */
  const fullCircle = async (path: InstancePath): Promise<void> => {
    const steps = [
      ['start', 'running'],
      ['pause', 'paused'],
      ['resume', 'running'],
      ['restart', 'running'],
      ['stop', 'stopped'],
      ['start', 'running'],
      ['destroy', 'removed'],
    ] as const;
    for (const [action, state] of steps) {
      // What fails is tried again: who asked may hear of the failure first.
      await act(path, action).catch(() => undefined);
      await until(path, state);
    }
    expect(world.engine.of(path.id)).toEqual([]);
  };

  const CALLS = ['create', 'start', 'stop', 'pause', 'unpause', 'remove', 'inspect'] as const satisfies EngineCall[];

  describe.each(CALLS)('when %s fails', (call) => {
    it.each(['before', 'after'] as const)('by an outage %s its effect, it gets there all the same', async (when) => {
      const path = await world.instance();
      world.engine.failNext(call, when, 'unavailable', 2);
      await fullCircle(path);
    });

    it.each(['before', 'after'] as const)(
      'by a time-out %s its effect, it looks and gets there all the same',
      async (when) => {
        const path = await world.instance();
        world.engine.failNext(call, when, 'hang');
        await fullCircle(path);
        // A late create was adopted or removed, never made twice at the same time.
        expect(world.engine.of(path.id)).toEqual([]);
      },
    );
  });

  it('adopts the container whose creation it did not hear of', async () => {
    const path = await world.instance();
    world.engine.failNext('create', 'after', 'hang');
    const { instance } = await act(path, 'start');
    expect(world.engine.count('create')).toBe(1);
    expect(instance.lifecycle.transitions.map(({ reason }) => reason)).toContain('container-adopted');
  });

  it('keeps the state while the engine is away, shows it, and counts no exit as a failure', async () => {
    const path = await world.instance();
    await act(path, 'start');
    const container = world.engine.of(path.id)[0]!;
    world.engine.goAway();
    world.engine.exit(container.id, 137);
    await eventually(async () => {
      expect(await world.read(path)).toMatchObject({
        status: 'idle',
        lifecycle: { state: 'running', error: { code: 'RUNTIME_UNAVAILABLE' } },
      });
    });
    world.engine.comeBack();
    await eventually(async () => {
      expect((await world.read(path)).lifecycle).toMatchObject({ state: 'running', error: null, failures: 0 });
      expect(container.state).toBe('running');
    });
    const reasons = (await world.read(path)).lifecycle.transitions.map(({ reason }) => reason);
    expect(reasons).toContain('engine-outage');
    expect(reasons).not.toContain('CONTAINER_EXITED');
  });

  it('carries on with what ran through the outage', async () => {
    const path = await world.instance();
    await act(path, 'start');
    world.engine.goAway();
    await eventually(async () => {
      expect((await world.read(path)).lifecycle.error?.code).toBe('RUNTIME_UNAVAILABLE');
    });
    world.engine.comeBack();
    await eventually(async () => {
      expect((await world.read(path)).lifecycle.error).toBeNull();
    });
    expect(world.engine.count('start')).toBe(1);
  });

  it('takes requests while the engine is away, and carries them out when it is back', async () => {
    const path = await world.instance();
    world.engine.goAway();
    const answer = await muster.service.act(path, 'start', ADMIN, 300);
    expect(answer).toMatchObject({ reached: false, instance: { lifecycle: { state: 'creating' } } });
    expect((await world.read(path)).lifecycle.error?.code).toBe('RUNTIME_UNAVAILABLE');
    world.engine.comeBack();
    await until(path, 'running');
    expect((await world.read(path)).lifecycle).toMatchObject({ error: null, failures: 0 });
  });
});
