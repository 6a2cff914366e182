import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { systemActor } from '../../src/domain/events/actor.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction } from '../../src/domain/lifecycle/lifecycle-states.js';
import { eventually } from '../support/eventually.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;

describe('while an image is pulled', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;
  /** Resolves when the engine has been asked for the image. */
  let asked: Promise<void>;
  let pulled: () => void;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    // As long as it takes: whoever waits for the pull waits longer than the test does.
    muster = world.host({ imageTimeoutMs: 600_000 }).start();
    const pulling = new Promise<void>((resolve) => {
      pulled = resolve;
    });
    asked = new Promise((resolve) => {
      world.engine.beforeEffect = async (call) => {
        if (call !== 'resolveImage') return;
        resolve();
        await pulling;
      };
    });
  });

  afterEach(async () => {
    pulled();
    await world.end();
  });

  const act = async (path: InstancePath, action: LifecycleAction) => muster.service.act(path, action, ADMIN, WAIT_MS);

  /** An agent whose image is pulled, and how its start ends. */
  const startedOne = async (): Promise<{ path: InstancePath; starting: Promise<unknown> }> => {
    const path = await world.instance();
    const starting = act(path, 'start').then(
      ({ instance }) => instance.lifecycle.state,
      (error: unknown) => error,
    );
    await asked;
    return { path, starting };
  };

  it.each([
    ['destroy', 'removed'],
    ['stop', 'stopped'],
    ['disable', 'disabled'],
  ] as const)('%s gets through, and nothing is made of the image', async (action, state) => {
    const { path, starting } = await startedOne();
    expect((await act(path, action)).instance.lifecycle).toMatchObject({ state, error: null, failures: 0 });
    expect(await starting).toMatchObject({ code: 'SUPERSEDED' });
    pulled();
    await muster.stop();
    expect(world.engine.containers.size).toBe(0);
    expect(world.engine.count('create')).toBe(0);
    expect(await readdir(world.folder)).toEqual([]);
  });

  it('a restart waits for the same pull, and there is one container', async () => {
    const { path, starting } = await startedOne();
    const restarting = act(path, 'restart');
    expect(await starting).toMatchObject({ code: 'SUPERSEDED' });
    pulled();
    expect((await restarting).instance.lifecycle.state).toBe('running');
    expect([world.engine.count('resolveImage'), world.engine.of(path.id).length]).toEqual([1, 1]);
  });

  it('Muster ends, and the next one goes on', async () => {
    const { path } = await startedOne();
    await muster.stop();
    expect((await world.read(path)).lifecycle).toMatchObject({ state: 'creating', error: null, failures: 0 });
    pulled();
    muster = world.host().start();
    expect((await act(path, 'start')).instance.lifecycle.state).toBe('running');
    expect(world.engine.of(path.id)).toHaveLength(1);
  });

  it('a stopped agent whose container is to be used again is destroyed', async () => {
    pulled();
    const path = await world.instance();
    await act(path, 'start');
    await act(path, 'stop');
    const pulling = new Promise<void>((resolve) => {
      pulled = resolve;
    });
    const askedAgain = new Promise<void>((resolve) => {
      world.engine.beforeEffect = async (call) => {
        if (call !== 'resolveImage') return;
        resolve();
        await pulling;
      };
    });
    muster.planner.forgetImage(await world.read(path));
    const starting = act(path, 'start').catch((error: unknown) => error);
    await askedAgain;
    expect((await act(path, 'destroy')).instance.lifecycle.state).toBe('removed');
    expect(await starting).toMatchObject({ code: 'SUPERSEDED' });
    expect(world.engine.containers.size).toBe(0);
  });

  it('a start whose first write fails lets the pull go, and is taken up again', async () => {
    const path = await world.instance();
    await world.update(path, { $set: { outbox: Array.from({ length: 99 }, (_, index) => ({ eventId: index })) } });
    const starting = act(path, 'start');
    await asked;
    await eventually(async () => {
      expect(muster.telemetry.reconciles).toContain('outbox-full');
      return Promise.resolve();
    });
    await world.update(path, { $set: { outbox: [] } });
    pulled();
    expect((await starting).instance.lifecycle.state).toBe('running');
    expect(world.engine.of(path.id)).toHaveLength(1);
  });
});
