import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { access } from 'node:fs/promises';
import { systemActor } from '../../src/domain/events/actor.js';
import { LeaseLostError } from '../../src/domain/lifecycle/lease-lost.error.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction, LifecycleState } from '../../src/domain/lifecycle/lifecycle-states.js';
import { RuntimeError } from '../../src/domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../src/domain/runtime/runtime-spec.js';
import type { ManagedInstance } from '../../src/domain/lifecycle/managed-instance.js';
import { eventually } from '../support/eventually.js';
import type { FakeContainer } from '../support/fake-engine.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;

describe('an agent with several replicas', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    // Calls that are only late, where much else goes on, make containers twice.
    muster = world.host({ callTimeoutMs: 1000 }).start();
  });

  afterEach(async () => {
    await world.end();
  });

  const act = async (path: InstancePath, action: LifecycleAction): Promise<ManagedInstance> =>
    (await muster.service.act(path, action, ADMIN, WAIT_MS)).instance;

  const scale = async (path: InstancePath, replicas: number, by = muster): Promise<ManagedInstance> =>
    (await by.service.act(path, 'scale', ADMIN, WAIT_MS, replicas)).instance;

  const started = async (replicas: number, changes = {}): Promise<InstancePath> => {
    const path = await world.instance(changes);
    await act(path, 'start');
    await scale(path, replicas);
    return path;
  };

  /** The states of the replicas on record, and those of the containers the engine has for them, by index. */
  const seen = async (path: InstancePath): Promise<[record: string[], engine: string[]]> => {
    const { lifecycle } = await world.read(path);
    const records = lifecycle.replicas.map(({ index, state }) => `${index}:${state}`);
    return [records, inEngine(path)];
  };

  const inEngine = (path: InstancePath): string[] =>
    world.engine
      .of(path.id)
      .map(({ spec, state }) => `${spec.owner.replica}:${state}`)
      .sort();

  const containerOf = (path: InstancePath, replica: number): FakeContainer =>
    world.engine.of(path.id).find(({ spec }) => spec.owner.replica === replica)!;

  const until = async (path: InstancePath, state: LifecycleState, indexes: readonly number[]): Promise<void> => {
    const engine = { running: 'running', stopped: 'exited', paused: 'paused' }[state as 'running'];
    await eventually(async () => {
      expect(await seen(path)).toEqual([
        indexes.map((index) => `${index}:${state}`),
        indexes.map((index) => `${index}:${engine}`),
      ]);
    });
  };

  const soon = async (check: () => void): Promise<void> =>
    eventually(async () => {
      check();
      return Promise.resolve();
    });

  /** Every call of one kind for one replica fails. */
  const ail = (path: InstancePath, replica: number, call: string): void => {
    world.engine.beforeEffect = async (made, target) => {
      const container = world.engine.containers.get(target);
      if (made !== call || container?.spec.owner.instance !== path.id) return Promise.resolve();
      if (container.spec.owner.replica !== replica) return Promise.resolve();
      return Promise.reject(new RuntimeError('start-failed', 'It cannot start.'));
    };
  };

  it('goes up, down and nowhere while it runs, each with its own container', async () => {
    const path = await world.instance();
    await act(path, 'start');
    const three = await scale(path, 3);
    expect(three.lifecycle).toMatchObject({ state: 'running', observedGeneration: 2, error: null });
    await until(path, 'running', [0, 1, 2]);
    const { replicas } = three.lifecycle;
    expect(new Set(replicas.map(({ containerId }) => containerId)).size).toBe(3);
    expect(new Set(replicas.map(({ containerName }) => containerName)).size).toBe(3);
    expect(replicas).toMatchObject([0, 1, 2].map((index) => ({ index, health: 'healthy', endpoint: 'unix' })));
    const specs = world.engine.of(path.id).map(({ spec }) => spec);
    expect(new Set(specs.map(({ privateFolder }) => privateFolder)).size).toBe(3);
    expect(new Set(specs.map(({ workspaceFolder }) => workspaceFolder)).size).toBe(1);
    expect(world.engine.of(path.id).map(({ configuration }) => configuration?.soul)).toEqual(['Ada', 'Ada', 'Ada']);

    const again = await scale(path, 3);
    expect(again.lifecycle).toMatchObject({ observedGeneration: 3, replicas });
    expect(world.engine.count('create')).toBe(3);

    const gone = specs.find(({ owner }) => owner.replica === 2)!;
    expect((await scale(path, 1)).lifecycle.replicas).toEqual([replicas[0]]);
    expect(inEngine(path)).toEqual(['0:running']);
    await expect(access(gone.privateFolder)).rejects.toThrow('ENOENT');
    await access(gone.workspaceFolder);
  });

  it('says how in its events, and who asked', async () => {
    const path = await started(2);
    await scale(path, 1);
    const events = (await world.outbox(path)).filter(({ data }) => data['action'] === 'scale' || 'replica' in data);
    expect(events.map(({ data }) => [data['action'] ?? data['replica'], data['replicas'] ?? data['to']])).toEqual([
      ['scale', 2],
      [1, 'creating'],
      [1, 'starting'],
      [1, 'running'],
      ['scale', 1],
      [1, 'removing'],
      [1, 'removed'],
    ]);
    expect(events[0]?.data).toMatchObject({ desired: 'running', generation: 2 });
  });

  it('takes the number at the next start where it does not run', async () => {
    const path = await world.instance();
    expect((await scale(path, 3)).lifecycle).toMatchObject({ state: 'enabled', replicas: [], observedGeneration: 1 });
    expect((await act(path, 'start')).lifecycle.replicas).toHaveLength(3);
    await until(path, 'running', [0, 1, 2]);
    await act(path, 'stop');
    await until(path, 'stopped', [0, 1, 2]);
    expect((await scale(path, 2)).lifecycle.replicas).toHaveLength(2);
    await until(path, 'stopped', [0, 1]);
    await act(path, 'start');
    await until(path, 'running', [0, 1]);
  });

  it('refuses none, too many, and numbers with other actions', async () => {
    const path = await world.instance();
    for (const replicas of [0, -1, 11, 1.5]) {
      await expect(scale(path, replicas)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    }
    await expect(muster.service.act(path, 'scale', ADMIN, 0)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await expect(muster.service.act(path, 'start', ADMIN, 0, 2)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await expect(scale(path, 0)).rejects.toMatchObject({
      faults: [{ pointer: '/replicas', detail: 'must be at least 1: to have none running, use stop' }],
    });
    expect((await world.read(path)).lifecycle.desired).toMatchObject({ generation: 0, replicas: 1 });
  });

  it('is stopped, paused, resumed, restarted, disabled and destroyed as one', async () => {
    const path = await started(3);
    await act(path, 'pause');
    expect(inEngine(path)).toEqual(['0:paused', '1:paused', '2:paused']);
    await act(path, 'resume');
    expect(inEngine(path)).toEqual(['0:running', '1:running', '2:running']);
    const pids = world.engine.of(path.id).map(({ pid }) => pid);
    await act(path, 'restart');
    expect(inEngine(path)).toEqual(['0:running', '1:running', '2:running']);
    for (const { pid } of world.engine.of(path.id)) expect(pids).not.toContain(pid);
    await act(path, 'stop');
    expect(inEngine(path)).toEqual(['0:exited', '1:exited', '2:exited']);
    await act(path, 'start');
    await until(path, 'running', [0, 1, 2]);
    await act(path, 'disable');
    expect(await seen(path)).toEqual([[], []]);
    await act(path, 'enable');
    await act(path, 'start');
    await until(path, 'running', [0, 1, 2]);
    const folders = world.engine.of(path.id).map(({ spec }) => spec.privateFolder);
    await act(path, 'destroy');
    expect(await seen(path)).toEqual([[], []]);
    for (const folder of folders) await expect(access(folder)).rejects.toThrow('ENOENT');
  });

  it.each(['removed', 'ended', 'stopped', 'paused'] as const)(
    'is repaired when one of it is %s by hand',
    async (how) => {
      const path = await started(3);
      const before = containerOf(path, 1);
      const others = [0, 2].map((replica) => containerOf(path, replica).pid);
      if (how === 'removed') world.engine.remove(before.id);
      else if (how === 'paused') before.state = 'paused';
      else world.engine.exit(before.id, how === 'ended' ? 3 : 0);
      await until(path, 'running', [0, 1, 2]);
      expect([0, 2].map((replica) => containerOf(path, replica).pid)).toEqual(others);
      expect((await world.read(path)).lifecycle).toMatchObject({ state: 'running', failures: 0 });
    },
  );

  it('shows a replica that keeps failing, stops trying, and keeps the others', async () => {
    const path = await world.instance();
    await act(path, 'start');
    ail(path, 1, 'start');
    await expect(scale(path, 3)).rejects.toMatchObject({ code: 'CONTAINER_START_FAILED' });
    await eventually(async () => {
      const { state, error, replicas } = (await world.read(path)).lifecycle;
      expect({ state, error }).toEqual({ state: 'running', error: null });
      expect(replicas).toMatchObject([
        { state: 'running' },
        { state: 'failed', condition: { failures: 5, retryAt: null, error: { code: 'CONTAINER_START_FAILED' } } },
        { state: 'running', condition: { failures: 0, error: null } },
      ]);
    });
    expect(containerOf(path, 0).state).toBe('running');
    world.engine.beforeEffect = async () => Promise.resolve();
    expect((await scale(path, 3)).lifecycle.replicas[1]).toMatchObject({
      state: 'running',
      condition: { error: null },
    });
  });

  it('can be scaled down past one that cannot be removed, as soon as it can be', async () => {
    const path = await started(3);
    ail(path, 1, 'remove');
    await expect(scale(path, 1)).rejects.toMatchObject({ code: 'CONTAINER_START_FAILED' });
    await eventually(async () => {
      const [records] = await seen(path);
      expect(records).toEqual(['0:running', '1:failed']);
    });
    world.engine.beforeEffect = async () => Promise.resolve();
    await until(path, 'running', [0]);
  });

  it('waits for its last replica before it is gone', async () => {
    const path = await started(2);
    ail(path, 1, 'remove');
    await expect(act(path, 'destroy')).rejects.toMatchObject({ code: 'CONTAINER_START_FAILED' });
    expect((await world.read(path)).removedAt).toBeNull();
    world.engine.beforeEffect = async () => Promise.resolve();
    await eventually(async () => {
      expect((await world.read(path)).removedAt).not.toBeNull();
    });
    expect(world.engine.of(path.id)).toEqual([]);
  });

  it('keeps its other replicas when the first one keeps failing', async () => {
    const path = await started(2);
    const { id, pid } = containerOf(path, 1);
    ail(path, 0, 'start');
    world.engine.exit(containerOf(path, 0).id, 3);
    await eventually(async () => {
      const { state, failures, replicas } = (await world.read(path)).lifecycle;
      expect({ state, failures, one: replicas[1]?.state }).toEqual({ state: 'failed', failures: 5, one: 'running' });
    });
    expect(world.engine.get(id)).toMatchObject({ state: 'running', pid });
    world.engine.exit(id, 3);
    await soon(() => {
      expect(world.engine.get(id)).toMatchObject({ state: 'running' });
    });
    expect((await world.read(path)).lifecycle.state).toBe('failed');
  });

  it('is restarted replica by replica where the health check fails', async () => {
    const path = await started(3, {
      manifest: { health: { kind: 'agent', intervalSeconds: 1, timeoutSeconds: 1, retries: 1 } },
    });
    const pids = [0, 1, 2].map((replica) => containerOf(path, replica).pid);
    world.engine.hung.add(containerOf(path, 2).id);
    await soon(() => {
      expect(containerOf(path, 2).pid).not.toBe(pids[2]);
    });
    await until(path, 'running', [0, 1, 2]);
    expect([0, 1].map((replica) => containerOf(path, replica).pid)).toEqual(pids.slice(0, 2));
    const reasons = (await world.outbox(path)).filter(({ data }) => data['reason'] === 'HEALTH_CHECK_FAILED');
    expect(reasons.map(({ data }) => data['replica'])).toEqual([2]);
  });

  it('falls asleep and wakes as one', async () => {
    const path = await started(2, { manifest: { idleTimeoutSeconds: 1 } });
    await until(path, 'stopped', [0, 1]);
    world.engine.silentReplicas.add(1);
    const use = await muster.use.hold(path);
    const second = use.awake(undefined, 1);
    await use.awake();
    expect((await world.read(path)).lifecycle.replicas[1]?.state).not.toBe('running');
    world.engine.silentReplicas.clear();
    expect((await second).lifecycle.replicas.map(({ state }) => state)).toEqual(['running', 'running']);
    await until(path, 'running', [0, 1]);
    await use.release();
  });

  it('comes up again after an engine outage, with nobody to blame', async () => {
    const path = await started(3);
    world.engine.goAway();
    await eventually(async () => {
      const { error, replicas } = (await world.read(path)).lifecycle;
      expect([error, ...replicas.slice(1).map(({ condition }) => condition?.error)]).toMatchObject(
        [0, 1, 2].map(() => ({ code: 'RUNTIME_UNAVAILABLE' })),
      );
    });
    for (const { id } of world.engine.of(path.id)) world.engine.exit(id, 137);
    world.engine.comeBack();
    await until(path, 'running', [0, 1, 2]);
    await eventually(async () => {
      const { failures, error, replicas } = (await world.read(path)).lifecycle;
      expect({ failures, error }).toEqual({ failures: 0, error: null });
      expect(replicas.slice(1)).toMatchObject([1, 2].map(() => ({ condition: { failures: 0, error: null } })));
    });
  });

  it('is told of edits in every replica', async () => {
    const path = await started(2);
    await world.update(path, { $set: { soul: 'Grace', revision: 2 } });
    await soon(() => {
      expect(world.engine.of(path.id).map(({ configuration }) => configuration?.soul)).toEqual(['Grace', 'Grace']);
    });
  });

  it('is adopted with all its replicas when a Muster dies anywhere on the way', async () => {
    await muster.stop();
    for (let steps = 1; steps <= 9; steps += 1) {
      const path = await world.instance();
      let left = steps;
      const dying = new Proxy(world.records, {
        get(target, name) {
          const value = target[name as 'transitionReplica'];
          if (name !== 'transitionReplica') return value.bind(target);
          return async (...given: Parameters<typeof value>) => {
            if (left-- <= 0) throw new LeaseLostError(path.id);
            return target.transitionReplica(...given);
          };
        },
      });
      const first = world.host({}, dying).start();
      await first.service.act(path, 'start', ADMIN, WAIT_MS);
      await first.service.act(path, 'scale', ADMIN, 0, 4);
      await soon(() => {
        expect(left).toBeLessThanOrEqual(0);
      });
      await first.stop();
      const second = world.host().start();
      await scale(path, 4, second);
      await until(path, 'running', [0, 1, 2, 3]);
      expect(world.engine.of(path.id)).toHaveLength(4);
      await second.service.act(path, 'destroy', ADMIN, WAIT_MS);
      await second.stop();
    }
  });

  it('has no container that no replica wants for long', async () => {
    const path = await started(2);
    const spec: RuntimeSpec = { ...containerOf(path, 1).spec, name: 'stray' };
    const strays = [
      world.engine.put(spec, 'running'),
      world.engine.put({ ...spec, name: 'other', owner: { ...spec.owner, replica: 7 } }, 'running'),
    ];
    await soon(() => {
      expect(strays.map((id) => world.engine.containers.has(id))).toEqual([false, false]);
    });
    await until(path, 'running', [0, 1]);
  });

  it('ends as asked last, whatever was asked on the way and by whom', async () => {
    const path = await world.instance();
    await act(path, 'start');
    const others = [muster, world.host().start(), world.host().start()];
    const asked = Array.from({ length: 20 }, (_, at) => ((at * 7) % 5) + 1);
    for (const [at, replicas] of asked.entries()) await others[at % 3]!.service.act(path, 'scale', ADMIN, 0, replicas);
    const last = asked.at(-1)!;
    await until(
      path,
      'running',
      Array.from({ length: last }, (_, index) => index),
    );
    expect(world.engine.of(path.id)).toHaveLength(last);
  });
});
