import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../src/domain/events/actor.js';
import type { InstancePath, LifecycleRecords } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction } from '../../src/domain/lifecycle/lifecycle-states.js';
import type { ManagedInstance } from '../../src/domain/lifecycle/managed-instance.js';
import { RuntimeError } from '../../src/domain/runtime/runtime-errors.js';
import type { LifecycleSettings } from '../../src/modules/lifecycle/lifecycle-settings.js';
import { eventually } from '../support/eventually.js';
import type { EngineCall, FakeContainer } from '../support/fake-engine.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;
/** Engine calls may be held up by a test. */
const PATIENT: Partial<LifecycleSettings> = { callTimeoutMs: 10_000, leaseMs: 30_000 };

describe('replicas beside the first', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
  });

  afterEach(async () => {
    world.engine.silentReplicas.clear();
    await world.end();
  });

  const begin = (overrides: Partial<LifecycleSettings> = {}): void => {
    muster = world.host(overrides).start();
  };

  const act = async (path: InstancePath, action: LifecycleAction, waitMs = WAIT_MS): Promise<ManagedInstance> =>
    (await muster.service.act(path, action, ADMIN, waitMs)).instance;

  const scale = async (path: InstancePath, replicas: number, waitMs = WAIT_MS): Promise<ManagedInstance> =>
    (await muster.service.act(path, 'scale', ADMIN, waitMs, replicas)).instance;

  const one = async (changes = {}): Promise<InstancePath> => {
    const path = await world.instance(changes);
    await act(path, 'start');
    return path;
  };

  const containerOf = (path: InstancePath, replica: number): FakeContainer =>
    world.engine.of(path.id).find(({ spec }) => spec.owner.replica === replica)!;

  const until = async (path: InstancePath, states: readonly string[]): Promise<ManagedInstance> =>
    eventually(async () => {
      const seen = await world.read(path);
      expect(seen.lifecycle.replicas.map(({ state }) => state)).toEqual(states);
      return seen;
    });

  /** The most calls of one kind that were under way at once; each takes some turns of the event loop. */
  const watch = (call: EngineCall): { most: number } => {
    const seen = { most: 0 };
    let underWay = 0;
    world.engine.beforeEffect = async (made) => {
      if (made !== call) return;
      underWay += 1;
      seen.most = Math.max(seen.most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 20));
      underWay -= 1;
    };
    return seen;
  };

  /** Holds up every call of one kind, but those of the first replica, until so many are there: were they made one after the other, the first would wait for ever. */
  const meet = (call: EngineCall, many: number): void => {
    let there = 0;
    let open = (): void => undefined;
    const all = new Promise<void>((resolve) => (open = resolve));
    world.engine.beforeEffect = async (made, target) => {
      if (made !== call || world.engine.containers.get(target)?.spec.owner.replica === 0) return;
      if (++there === many) open();
      await all;
    };
  };

  /** Its events in order, from what was asked last. */
  const changes = async (path: InstancePath): Promise<string[]> => {
    const events = await world.outbox(path);
    const asked = events.findLastIndex(({ type }) => type === 'lifecycle.requested');
    return events
      .slice(asked + 1)
      .map(({ data }) => `${(data['replica'] as number | undefined) ?? 0}:${data['to'] as string}`);
  };

  it('are made, started and taken down together', async () => {
    begin(PATIENT);
    const path = await one();
    meet('create', 4);
    await scale(path, 5);
    const up = await changes(path);
    expect(up).toHaveLength(12);
    const ofKind = (to: string, all: string[]): number[] => all.flatMap((line, at) => (line.endsWith(to) ? [at] : []));
    expect(Math.max(...ofKind('creating', up))).toBeLessThan(Math.min(...ofKind('running', up)));
    meet('stop', 4);
    await act(path, 'stop');
    const down = await changes(path);
    // The agent is what its first replica is: that one stops last.
    expect(down.at(-1)).toBe('0:stopped');
    expect(Math.max(...ofKind('stopping', down))).toBeLessThan(Math.min(...ofKind('stopped', down)));
    meet('start', 4);
    await act(path, 'start');
    meet('remove', 3);
    expect((await scale(path, 2)).lifecycle.replicas).toHaveLength(2);
    expect(world.engine.of(path.id)).toHaveLength(2);
  });

  it('have the engine do only so many things at once, and wait in any number', async () => {
    begin({ ...PATIENT, replicasAtOnce: 3 });
    const path = await one();
    const creates = watch('create');
    await scale(path, 10);
    expect(creates.most).toBe(3);
    world.engine.beforeEffect = async () => Promise.resolve();
    await scale(path, 1);
    for (let replica = 1; replica < 9; replica += 1) world.engine.silentReplicas.add(replica);
    // Eight never answer, and the ninth comes up all the same.
    await scale(path, 10, 0);
    await until(path, ['running', ...Array<string>(8).fill('starting'), 'running']);
    world.engine.silentReplicas.clear();
    await until(path, Array<string>(10).fill('running'));
  });

  it('each try again at their own time, also while another one never answers, or fails', async () => {
    begin({ policy: { baseMs: 10, longestMs: 60_000, limit: 5, stableMs: 60_000 } });
    const path = await one();
    world.engine.silentReplicas.add(1);
    world.engine.beforeEffect = async (call, target) => {
      const replica = world.engine.containers.get(target)?.spec.owner.replica;
      if (call === 'start' && replica === 2) throw new RuntimeError('start-failed', 'It cannot start.');
      return Promise.resolve();
    };
    await scale(path, 4, 0);
    const seen = await eventually(async () => {
      const found = await world.read(path);
      expect(found.lifecycle.replicas[2]?.condition?.failures).toBe(5);
      return found;
    });
    expect(seen.lifecycle.replicas.map(({ state }) => state)).toEqual(['running', 'starting', 'failed', 'running']);
    // One of the others ends meanwhile: it does not wait for the silent one either.
    const before = containerOf(path, 3).pid;
    world.engine.exit(containerOf(path, 3).id, 3);
    await eventually(async () => {
      const { pid, state } = (await world.read(path)).lifecycle.replicas[3]!;
      expect([state, pid === null, pid === before]).toEqual(['running', false, false]);
    });
    // And the first one too.
    const first = containerOf(path, 0).pid;
    world.engine.exit(containerOf(path, 0).id, 3);
    await eventually(async () => {
      const { state, lifecycle } = { ...(await world.read(path)), state: containerOf(path, 0).pid };
      expect([lifecycle.state, state === null, state === first]).toEqual(['running', false, false]);
    });
    expect((await world.read(path)).lifecycle.replicas[1]?.state).toBe('starting');
    // What has become of each is told, though the work goes on.
    expect(muster.events.map(({ data }) => data)).toContainEqual(expect.objectContaining({ replica: 2, to: 'failed' }));
  });

  it('are tried again while the first one has long to wait', async () => {
    begin({ policy: { baseMs: 100, longestMs: 60_000, limit: 20, stableMs: 60_000 } });
    const path = await one();
    await scale(path, 2);
    await world.update(path, { $set: { 'lifecycle.failures': 12 } });
    world.engine.beforeEffect = async (call, target) => {
      const owner = world.engine.containers.get(target)?.spec.owner;
      if (call === 'start' && owner?.replica === 0) throw new RuntimeError('start-failed', 'It cannot start.');
      return Promise.resolve();
    };
    world.engine.exit(containerOf(path, 0).id, 3);
    const waiting = await until(path, ['failed', 'running']);
    expect(waiting.lifecycle.failures).toBe(13);
    const before = containerOf(path, 1).pid;
    world.engine.exit(containerOf(path, 1).id, 3);
    const due = await until(path, ['failed', 'failed']);
    const { retryAt, condition } = { ...due.lifecycle, condition: due.lifecycle.replicas[1]!.condition! };
    expect(condition.retryAt!.getTime()).toBeLessThan(Date.now() + 30_000);
    expect(retryAt).not.toBeNull();
    const after = await until(path, ['failed', 'running']);
    expect(containerOf(path, 1).pid).not.toBe(before);
    await eventually(async () => {
      const { lifecycle } = await world.read(path);
      expect(lifecycle.lease!.until.getTime()).toBe(0);
      // The first one's own wait stands.
      expect([lifecycle.failures, (lifecycle.firstRetryAt ?? lifecycle.retryAt)!]).toEqual([
        13,
        waiting.lifecycle.firstRetryAt ?? waiting.lifecycle.retryAt!,
      ]);
    });
    expect(after.lifecycle.state).toBe('failed');
  });

  it('end their waits at once when something else is asked', async () => {
    begin();
    const path = await one();
    for (let replica = 1; replica < 6; replica += 1) world.engine.silentReplicas.add(replica);
    await scale(path, 6, 0);
    await until(path, ['running', ...Array<string>(5).fill('starting')]);
    expect((await scale(path, 2, 0)).lifecycle.desired.replicas).toBe(2);
    await until(path, ['running', 'starting']);
    await act(path, 'stop');
    await until(path, ['stopped', 'stopped']);
  });

  it('of several agents at once end as asked, with each container made once', async () => {
    const others = [0, 1].map(() => world.host(PATIENT).start());
    begin(PATIENT);
    const paths = await Promise.all(Array.from({ length: 4 }, async () => one()));
    await Promise.all(
      paths.map(async (path, at) => {
        for (const replicas of [6, 2, 5]) {
          await others[at % 2]!.service.act(path, 'scale', ADMIN, WAIT_MS, replicas);
          for (const { reconciler } of [...others, muster]) reconciler.wake(path.id);
        }
      }),
    );
    for (const path of paths) await until(path, Array<string>(5).fill('running'));
    expect([world.engine.count('create'), world.engine.count('start')]).toEqual([4 * 9, 4 * 9]);
    expect(world.engine.containers.size).toBe(20);
  }, 120_000);

  it('go on as they are when the engine is away while they come up', async () => {
    begin();
    const path = await one();
    for (const replica of [1, 2, 3]) world.engine.silentReplicas.add(replica);
    await scale(path, 4, 0);
    await until(path, ['running', 'starting', 'starting', 'starting']);
    world.engine.goAway();
    await eventually(async () => {
      const { lifecycle } = await world.read(path);
      expect([lifecycle.error?.code, lifecycle.lease!.until.getTime()]).toEqual(['RUNTIME_UNAVAILABLE', 0]);
    });
    world.engine.silentReplicas.clear();
    world.engine.comeBack();
    const { lifecycle } = await until(path, Array<string>(4).fill('running'));
    expect(lifecycle.replicas.slice(1).map(({ condition }) => condition?.failures)).toEqual([0, 0, 0]);
    expect(world.engine.count('create')).toBe(4);
  });

  it('cost an agent that has none nothing', async () => {
    const made: string[] = [];
    const counting = new Proxy(world.records, {
      get: (target, name) => {
        const value = target[name as keyof LifecycleRecords] as unknown;
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          made.push(String(name));
          return (value as (...all: unknown[]) => unknown).apply(target, given);
        };
      },
    });
    // Nothing but what the request brings about.
    muster = world.host({ pollMs: 60_000, resyncMs: 60_000, renewEveryMs: 60_000 }, counting).start();
    const path = await world.instance();
    made.length = 0;
    world.engine.calls.length = 0;
    await act(path, 'start');
    await eventually(async () => {
      expect(muster.events.map(({ data }) => (data as { to?: string }).to)).toContain('running');
      return Promise.resolve();
    });
    // The lease comes with the request. Who waits for it may look, however long it takes.
    expect(made.filter((name) => !['get', 'find', 'findAll'].includes(name))).toEqual([
      'request', 'transition', 'transition', 'findWhole', 'transition', 'settle',
    ]); // prettier-ignore
    const calls = world.engine.calls.map(({ call }) => call);
    // The last one is a look at what its own events said.
    expect(calls.slice(0, 4)).toEqual(['resolveImage', 'create', 'start', 'inspect']);
    expect(calls.slice(4).filter((call) => call !== 'inspect')).toEqual([]);
    expect(calls.length).toBeLessThanOrEqual(5);
    const { lifecycle } = await world.read(path);
    expect('firstRetryAt' in lifecycle).toBe(false);
  });
});
