import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../src/domain/events/actor.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import { eventually } from '../support/eventually.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;
const HEALTH = { kind: 'agent', intervalSeconds: 1, timeoutSeconds: 1, retries: 2 } as const;

describe('health checks', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    muster = world.host().start();
  });

  afterEach(async () => {
    await world.end();
  });

  const started = async (health: object = HEALTH): Promise<InstancePath> => {
    const path = await world.instance({ manifest: { health: health as typeof HEALTH } });
    await muster.service.act(path, 'start', ADMIN, WAIT_MS);
    return path;
  };

  /** A check is due now, as if the interval were over. */
  const due = async (path: InstancePath): Promise<void> =>
    world.update(path, { $set: { 'lifecycle.healthCheck.dueAt': new Date() } });

  it('restarts an agent that hangs, and says what failed and how often', async () => {
    const path = await started();
    const container = world.engine.of(path.id)[0]!;
    const { pid } = container;
    world.engine.hung.add(container.id);
    await eventually(async () => {
      expect((await world.read(path)).lifecycle).toMatchObject({
        replicas: [{ health: 'unhealthy' }],
        healthCheck: { failures: 1, detail: 'no answer within 1 s' },
      });
    });
    await eventually(async () => {
      const { transitions } = (await world.read(path)).lifecycle;
      expect(transitions.map(({ reason }) => reason)).toContain('HEALTH_CHECK_FAILED');
    });
    world.engine.hung.clear();
    await eventually(async () => {
      expect(await world.read(path)).toMatchObject({
        status: 'idle',
        lifecycle: { state: 'running', error: null, failures: 1, healthCheck: { failures: 0, detail: null } },
      });
    });
    expect(world.engine.of(path.id)).toHaveLength(1);
    expect(container.pid).not.toBe(pid);
  });

  it('gives up on one that hangs again and again, with the cause', async () => {
    muster =
      (await muster.stop(), world.host({ policy: { baseMs: 10, longestMs: 20, limit: 2, stableMs: 0 } }).start());
    const path = await started({ ...HEALTH, retries: 1 });
    world.engine.hangsSoon = true;
    world.engine.hung.add(world.engine.of(path.id)[0]!.id);
    await eventually(async () => {
      expect((await world.read(path)).lifecycle).toMatchObject({ state: 'failed', failures: 2, retryAt: null });
    });
    expect((await world.read(path)).lifecycle.error).toMatchObject({
      code: 'HEALTH_CHECK_FAILED',
      message: expect.stringMatching(
        /agent-server's own answer\) failed once\..*no answer within 1 s.*failure 2 in a row/,
      ),
      recovery: expect.stringContaining('manifest.health'),
    });
    expect(world.engine.of(path.id).map(({ state }) => state)).toEqual(['exited']);
  });

  it('forgets single failures when a check passes, and failures of the past once it has run for long', async () => {
    const path = await started({ ...HEALTH, retries: 3 });
    const { id } = world.engine.of(path.id)[0]!;
    world.engine.hung.add(id);
    await due(path);
    await eventually(async () => {
      expect((await world.read(path)).lifecycle.healthCheck.failures).toBeGreaterThan(0);
    });
    world.engine.hung.clear();
    const longAgo = new Date(Date.now() - 120_000);
    await world.update(path, {
      $set: { 'lifecycle.failures': 3, 'lifecycle.startedAt': longAgo, 'lifecycle.healthCheck.dueAt': new Date() },
    });
    await eventually(async () => {
      expect((await world.read(path)).lifecycle).toMatchObject({
        state: 'running',
        failures: 0,
        replicas: [{ health: 'healthy' }],
        healthCheck: { failures: 0, detail: null },
      });
    });
    expect(world.engine.count('start')).toBe(1);
  });

  it('does not count what fails within the start period', async () => {
    const path = await started({ ...HEALTH, retries: 1, startPeriodSeconds: 600 });
    world.engine.hung.add(world.engine.of(path.id)[0]!.id);
    const before = (await world.read(path)).lifecycle.healthCheck.dueAt;
    await due(path);
    await eventually(async () => {
      expect((await world.read(path)).lifecycle.healthCheck.dueAt!.getTime()).toBeGreaterThan(before!.getTime());
    });
    await muster.health.beforeApplicationShutdown();
    expect((await world.read(path)).lifecycle).toMatchObject({ state: 'running', healthCheck: { failures: 0 } });
  });

  it('checks only what runs', async () => {
    const path = await started();
    expect((await world.read(path)).lifecycle.healthCheck.dueAt).toBeInstanceOf(Date);
    await muster.service.act(path, 'pause', ADMIN, WAIT_MS);
    expect((await world.read(path)).lifecycle.healthCheck.dueAt).toBeNull();
    await muster.service.act(path, 'resume', ADMIN, WAIT_MS);
    expect((await world.read(path)).lifecycle.healthCheck.dueAt).toBeInstanceOf(Date);
    await muster.service.act(path, 'stop', ADMIN, WAIT_MS);
    expect((await world.read(path)).lifecycle.healthCheck.dueAt).toBeNull();
  });

  it('of several Musters, one makes each check, and a dead one is made up for', async () => {
    const path = await started({ ...HEALTH, intervalSeconds: 3600 });
    await muster.health.beforeApplicationShutdown();
    const others = [world.host().start(), world.host().start()];
    const before = world.engine.healthChecks.length;
    for (let round = 1; round <= 5; round += 1) {
      await due(path);
      await eventually(async () => {
        expect(world.engine.healthChecks.length).toBe(before + round);
        return Promise.resolve();
      });
      // It moves on before the check is made.
      expect((await world.read(path)).lifecycle.healthCheck.dueAt!.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    }
    await others[0]!.stop();
    await due(path);
    await eventually(async () => {
      expect(world.engine.healthChecks.length).toBe(before + 6);
      return Promise.resolve();
    });
    expect(world.engine.healthChecks.slice(before)).toEqual(Array(6).fill(world.engine.of(path.id)[0]!.id));
  });
});
