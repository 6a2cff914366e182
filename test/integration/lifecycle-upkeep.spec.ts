import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../src/domain/events/actor.js';
import { newId, type RunId } from '../../src/domain/ids.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import { eventually } from '../support/eventually.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;
const IDLE = { manifest: { idleTimeoutSeconds: 1 } };

describe('sleeping, waking and the end of a time to live', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    muster = world.host().start();
  });

  afterEach(async () => {
    await world.end();
  });

  const until = async (path: InstancePath, expected: object): Promise<void> =>
    eventually(async () => {
      expect((await world.read(path)).lifecycle).toMatchObject(expected);
    });

  const started = async (changes: Parameters<LifecycleWorld['instance']>[0]): Promise<InstancePath> => {
    const path = await world.instance(changes);
    await muster.service.act(path, 'start', ADMIN, WAIT_MS);
    return path;
  };

  const reasonsOf = async (path: InstancePath): Promise<string[]> =>
    (await world.read(path)).lifecycle.transitions.map(({ to, reason }) => `${to}: ${reason}`);

  it('puts an unused agent to sleep, and wakes it for its next use', async () => {
    const path = await started(IDLE);
    await until(path, { state: 'stopped', sleep: 'asleep', desired: { state: 'running', generation: 1 } });
    expect(world.engine.of(path.id).map(({ state }) => state)).toEqual(['exited']);

    const pid = await muster.use.during(path, async (instance) => {
      expect(instance.lifecycle).toMatchObject({ state: 'running', sleep: null });
      return Promise.resolve(instance.pid);
    });
    expect(pid).toBe(world.engine.of(path.id)[0]?.pid);
    expect((await reasonsOf(path)).slice(-4)).toEqual([
      'stopping: idle',
      'stopped: container-stopped',
      'starting: woken',
      'running: agent-healthy',
    ]);
    await until(path, { state: 'stopped', sleep: 'asleep', uses: [] });
  });

  it('sleeps through a restart of Muster, a resync, and a container that somebody starts by hand', async () => {
    const path = await started(IDLE);
    await until(path, { sleep: 'asleep', state: 'stopped' });
    await muster.stop();
    muster = world.host().start();
    const [container] = world.engine.of(path.id);
    world.engine.start(container!);
    await eventually(async () => {
      expect(container!.state).toBe('exited');
      return Promise.resolve();
    });
    expect((await world.read(path)).lifecycle).toMatchObject({ sleep: 'asleep', state: 'stopped' });
    await muster.service.act(path, 'start', ADMIN, WAIT_MS);
    expect((await world.read(path)).lifecycle).toMatchObject({ sleep: null, state: 'running' });
  });

  it('leaves an agent awake that is in use: by an open run, or by somebody who says so again and again', async () => {
    const [run, held] = [await started(IDLE), await started(IDLE)];
    const runId = newId<RunId>();
    await world.runs.begin(run, runId, 4);
    const use = await muster.use.hold(held);
    // Long past the time of one announcement, and past the idle time.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    for (const path of [run, held]) expect((await world.read(path)).lifecycle.state).toBe('running');
    await world.runs.end(run.id, runId);
    await use.release();
    for (const path of [run, held]) await until(path, { state: 'stopped', sleep: 'asleep' });
  });

  it('lets an agent sleep whose user died without a word', async () => {
    const path = await started(IDLE);
    await world.upkeep.beginUse(path, 'of a process that is gone', 1500);
    await until(path, { state: 'stopped', sleep: 'asleep' });
  });

  it.each(['before it is stopped', 'while it is being stopped', 'when it has just been stopped'])(
    'serves a use that comes in the instant of going to sleep: %s',
    async (moment) => {
      const path = await started(IDLE);
      let use: Promise<string> | undefined;
      const begin = (): void => {
        use ??= muster.use.during(path, async (instance) => Promise.resolve(instance.lifecycle.state));
        use.catch(() => undefined);
      };
      world.engine.beforeEffect = async (call) => {
        if (call === 'stop' && moment !== 'when it has just been stopped') begin();
        if (call === 'stop' && moment === 'while it is being stopped')
          await new Promise((done) => setTimeout(done, 50));
        if (call === 'stop' && moment === 'when it has just been stopped') setTimeout(begin, 20);
      };
      await eventually(async () => {
        expect(use).toBeDefined();
        return Promise.resolve();
      });
      expect(await use).toBe('running');
      expect((await world.read(path)).lifecycle.failures).toBe(0);
    },
  );

  it('never loses one of a hundred uses, however they fall', async () => {
    const path = await started(IDLE);
    let count = 0;
    for (let round = 0; round < 5; round += 1) {
      // Around the moment of going to sleep.
      const uses = Array.from({ length: 20 }, async (_, index) => {
        await new Promise((resolve) => setTimeout(resolve, 950 + index * 10));
        await muster.use.during(path, async ({ lifecycle }) => {
          expect(lifecycle.state).toBe('running');
          expect(world.engine.of(path.id).map(({ state }) => state)).toEqual(['running']);
          count += 1;
          return Promise.resolve();
        });
      });
      await Promise.all(uses);
    }
    expect(count).toBe(100);
    await until(path, { sleep: 'asleep', state: 'stopped', error: null, failures: 0 });
  });

  it('says why when it does not wake, and to those who come later too', async () => {
    const path = await started(IDLE);
    await until(path, { sleep: 'asleep', state: 'stopped' });
    world.engine.behaviour = 'exits';
    const used = muster.use.during(path, async () => Promise.resolve());
    await expect(used).rejects.toMatchObject({ code: 'CONTAINER_START_FAILED' });
    await expect(muster.use.during(path, async () => Promise.resolve())).rejects.toMatchObject({
      code: 'CONTAINER_START_FAILED',
    });
    world.engine.behaviour = 'healthy';
    expect((await muster.service.act(path, 'start', ADMIN, WAIT_MS)).reached).toBe(true);
  });

  it('refuses the use of what is stopped, was never started, or is gone', async () => {
    const never = await world.instance(IDLE);
    await expect(muster.use.hold(never)).rejects.toMatchObject({ code: 'AGENT_NOT_RUNNING' });
    const stopped = await started({});
    await muster.service.act(stopped, 'stop', ADMIN, WAIT_MS);
    await expect(muster.use.hold(stopped)).rejects.toMatchObject({ code: 'AGENT_NOT_RUNNING' });
    await muster.service.act(stopped, 'destroy', ADMIN, WAIT_MS);
    await expect(muster.use.hold(stopped)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  describe('an agent whose time is over', () => {
    const expiresIn = (ms: number): Date => new Date(Date.now() + ms);

    it.each(['enabled', 'running', 'stopped', 'asleep'] as const)('is destroyed when it is %s', async (state) => {
      const path = await world.instance(state === 'asleep' ? IDLE : {});
      if (state !== 'enabled') await muster.service.act(path, 'start', ADMIN, WAIT_MS);
      if (state === 'stopped') await muster.service.act(path, 'stop', ADMIN, WAIT_MS);
      if (state === 'asleep') await until(path, { sleep: 'asleep', state: 'stopped' });
      await muster.service.renew(path, 1, ADMIN);
      await until(path, { state: 'removed', desired: { state: 'removed', requestedBy: { type: 'system' } } });
      expect(await reasonsOf(path)).toContain('removing: ttl-expired');
      expect(world.engine.of(path.id)).toEqual([]);
      await expect(muster.service.renew(path, 60, ADMIN)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('stays while it is in use, and goes afterwards', async () => {
      const path = await started({});
      const runId = newId<RunId>();
      await world.runs.begin(path, runId, 4);
      await world.update(path, { $set: { 'lifecycle.expiresAt': expiresIn(-1000), 'lifecycle.retryAt': new Date() } });
      await eventually(async () => {
        // It was looked at, and is to be looked at again.
        expect((await world.read(path)).lifecycle.retryAt!.getTime()).toBeGreaterThan(Date.now());
      });
      expect((await world.read(path)).lifecycle.state).toBe('running');
      await world.runs.end(path.id, runId);
      await until(path, { state: 'removed' });
    });

    it('stays when it is renewed, used or asked for something after it was found to be over', async () => {
      const path = await started({ manifest: { ttlSeconds: 3600 } });
      await muster.stop();
      const late = [
        async () => world.upkeep.renew(path, 3600, ADMIN),
        async () => world.upkeep.beginUse(path, 'use', 50),
        async () => world.runs.begin(path, newId<RunId>(), 4),
        async () => world.records.request(path, 'restart', ADMIN),
      ];
      for (const act of late) {
        const { lease } = (await world.records.acquireLease(path.id, 'reaper', 5000))!;
        await world.update(path, { $set: { 'lifecycle.expiresAt': expiresIn(-1000) } });
        const seen = await world.read(path);
        await act();
        expect(await world.upkeep.expire(lease, seen)).toBeNull();
        await world.records.releaseLease(lease);
        expect((await world.read(path)).lifecycle.desired.state).toBe('running');
        await world.update(path, { $set: { openRuns: [] } });
      }
    });

    it('cannot be renewed once it is being removed', async () => {
      const path = await started({ manifest: { ttlSeconds: 3600 } });
      await muster.stop();
      const { lease, instance } = (await world.records.acquireLease(path.id, 'reaper', 5000))!;
      expect(await world.upkeep.expire(lease, instance)).not.toBeNull();
      await expect(muster.service.renew(path, undefined, ADMIN)).rejects.toMatchObject({ code: 'INVALID_TRANSITION' });
      await world.records.releaseLease(lease);
      muster = world.host().start();
      await until(path, { state: 'removed' });
    });

    it('is renewed for as long as its manifest says, and asks for a time where that says nothing', async () => {
      const path = await world.instance({ manifest: { ttlSeconds: 600 } });
      const { lifecycle } = await muster.service.renew(path, undefined, ADMIN);
      const left = lifecycle.expiresAt!.getTime() - Date.now();
      expect(left).toBeGreaterThan(590_000);
      expect(left).toBeLessThanOrEqual(610_000);
      const without = await world.instance();
      await expect(muster.service.renew(without, undefined, ADMIN)).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
      });
    });
  });
});
