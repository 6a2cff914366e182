import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../src/domain/events/actor.js';
import { INITIAL_LIFECYCLE, type Lifecycle } from '../../src/domain/lifecycle/lifecycle.js';
import { LIFECYCLE_STATES } from '../../src/domain/lifecycle/lifecycle-states.js';
import { eventually } from '../support/eventually.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;
/** No engine call is given up on a busy machine. */
const PATIENT = { callTimeoutMs: 10_000, leaseMs: 30_000 };

describe('what the lifecycle tells of itself', () => {
  let world: LifecycleWorld;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
  });

  afterEach(async () => {
    await world.end();
  });

  it('measures each request that an agent answers by running, and no restart of its own', async () => {
    const path = await world.instance();
    const muster = world.host(PATIENT).start();
    const { spawns, steps } = muster.telemetry;
    await muster.service.act(path, 'start', ADMIN, WAIT_MS);
    expect(spawns).toHaveLength(1);
    expect(spawns[0]).toBeGreaterThan(0);
    const { pid } = world.engine.of(path.id)[0]!;
    world.engine.exit(world.engine.of(path.id)[0]!.id, 1);
    await eventually(async () => {
      const { lifecycle, pid: now } = await world.read(path);
      expect([lifecycle.state, now === pid]).toEqual(['running', false]);
    });
    expect(spawns).toHaveLength(1);
    await muster.service.act(path, 'restart', ADMIN, WAIT_MS);
    expect(spawns).toHaveLength(2);
    expect(steps).toContainEqual(['create', 'ok']);
    expect(steps).toContainEqual(['fail', 'CONTAINER_EXITED']);
  });

  it('says whether the engine answers, and what came of the work', async () => {
    const path = await world.instance();
    const muster = world.host(PATIENT).start();
    await muster.service.act(path, 'start', ADMIN, WAIT_MS);
    await eventually(async () => {
      expect(muster.telemetry.engineAnswers).toBe(true);
      expect(muster.telemetry.reconciles).toContain('done');
      return Promise.resolve();
    });
    expect(muster.telemetry.lags.every((lag) => lag >= 0 && lag < 60)).toBe(true);
  });

  it('counts agents by state, and finds those that are due and have nobody', async () => {
    const ago = (seconds: number): Date => new Date(Date.now() - seconds * 1000);
    const put = async (lifecycle: Partial<Lifecycle>, removedAt: Date | null = null) =>
      world.instance({ lifecycle: { ...INITIAL_LIFECYCLE, ...lifecycle }, removedAt });
    const lease = { owner: 'somebody', epoch: 1, until: ago(-600) };
    await put({ state: 'running', startedAt: ago(100) });
    await put({ state: 'running', startedAt: ago(300) });
    await put({ state: 'failed', retryAt: ago(-60) });
    await put({ state: 'starting', retryAt: ago(900), lease });
    await put({ state: 'stopping', retryAt: ago(50), lease: { ...lease, until: ago(10) } });
    await put({ retryAt: ago(20) });
    await put({ state: 'removed', retryAt: ago(5000) }, ago(4000));
    const { states, uptime, due } = await world.census.take();
    expect(Object.fromEntries(Object.entries(states).filter(([, count]) => count > 0))).toEqual({
      enabled: 1,
      starting: 1,
      running: 2,
      stopping: 1,
      failed: 1,
    });
    expect(Object.keys(states)).toEqual(LIFECYCLE_STATES.filter((state) => state !== 'removed'));
    expect([uptime?.shortest, uptime?.mean, uptime?.longest].map((age) => Math.floor((age ?? 0) / 50))).toEqual([
      2, 4, 6,
    ]);
    expect([due.count, Math.floor(due.longestSeconds / 50)]).toEqual([2, 1]);
  });

  it('counts nothing where there is nothing', async () => {
    const { states, uptime, due } = await world.census.take();
    expect([...new Set(Object.values(states)), uptime, due]).toEqual([0, null, { count: 0, longestSeconds: 0 }]);
  });
});
