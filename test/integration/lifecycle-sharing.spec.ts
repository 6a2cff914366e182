import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../src/domain/events/actor.js';
import { newId, type AgentInstanceId } from '../../src/domain/ids.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import { eventually } from '../support/eventually.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;

describe('several reconcilers, and none', () => {
  let world: LifecycleWorld;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
  });

  afterEach(async () => {
    await world.end();
  });

  const until = async (path: InstancePath, expected: object): Promise<void> =>
    eventually(async () => {
      expect((await world.read(path)).lifecycle).toMatchObject(expected);
    });

  it('two Musters share twenty agents and do nothing twice', async () => {
    const patient = { callTimeoutMs: 10_000, leaseMs: 30_000 };
    const musters = [world.host(patient).start(), world.host(patient).start()];
    const paths = await Promise.all(Array.from({ length: 20 }, async () => world.instance()));
    await Promise.all(
      paths.map(async (path, index) => {
        const muster = musters[index % 2]!;
        await muster.service.act(path, 'start', ADMIN, WAIT_MS);
        // Everything that can wake the other one, at once.
        for (const { reconciler } of musters) reconciler.wake(path.id);
        await musters[(index + 1) % 2]!.service.act(path, 'restart', ADMIN, WAIT_MS);
        for (const { reconciler } of musters) reconciler.wake(path.id);
        await muster.service.act(path, 'destroy', ADMIN, WAIT_MS);
      }),
    );
    const { engine } = world;
    expect([engine.count('create'), engine.count('start'), engine.count('stop')]).toEqual([20, 40, 20]);
    expect(engine.containers.size).toBe(0);
    for (const path of paths) {
      const reached = (await world.outbox(path)).map(({ data }) => data['to']).filter((to) => to !== undefined);
      expect(reached).toEqual([
        'creating', 'starting', 'running', 'stopping', 'stopped', 'starting', 'running', 'removing', 'removed',
      ]); // prettier-ignore
    }
  });

  it('stops acting at once when its lease was stolen in the middle of a step', async () => {
    const path = await world.instance();
    const first = world.host().start();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let stolen = (): void => undefined;
    const inCreate = new Promise<void>((resolve) => (stolen = resolve));
    world.engine.beforeEffect = async (call) => {
      if (call !== 'create') return;
      world.engine.beforeEffect = () => Promise.resolve();
      stolen();
      await held;
    };
    await first.service.act(path, 'start', ADMIN, 0);
    await inCreate;
    // As if its time had passed: somebody else takes the lease while the first is still waiting for the engine.
    await world.update(path, { $set: { 'lifecycle.lease.until': new Date(0) } });
    const thief = await world.records.acquireLease(path.id, 'thief', 60_000);
    release();
    await eventually(async () => {
      expect(world.engine.count('create')).toBe(1);
      return Promise.resolve();
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    // It made an inert container, and neither recorded nor started it.
    expect(world.engine.count('start')).toBe(0);
    expect((await world.read(path)).lifecycle).toMatchObject({ state: 'creating', containerId: null });
    await world.records.releaseLease(thief!.lease);
    // Whoever comes next adopts it.
    const [inert] = world.engine.of(path.id);
    await until(path, { state: 'running', containerId: inert?.id });
  });

  it('takes over from a Muster that died, once its lease has ended', async () => {
    const path = await world.instance();
    const dead = world.records;
    await dead.request(path, 'start', ADMIN);
    const { lease, instance } = (await dead.acquireLease(path.id, 'dead', 500))!;
    await dead.transition(lease, instance, { from: 'enabled', to: 'creating', reason: 'requested' });
    world.host().start();
    await until(path, { state: 'running', observedGeneration: 1 });
    await expect(
      dead.transition(lease, instance, { from: 'creating', to: 'starting', reason: 'container-created' }),
    ).rejects.toThrow('held by somebody else');
  });

  it('takes the lease with the write of a request, and leaves it with whoever has it', async () => {
    const path = await world.instance();
    const { records } = world;
    const terms = { owner: 'first', ttlMs: 60_000 };
    const first = await records.request(path, 'start', ADMIN, undefined, {}, terms);
    expect(first.lease).toMatchObject({ id: path.id, epoch: 1 });
    const other = await records.request(path, 'restart', ADMIN, undefined, {}, { owner: 'second', ttlMs: 60_000 });
    expect(other.lease).toBeNull();
    expect(other.instance.lifecycle.desired.generation).toBe(2);
    expect(await records.acquireLease(path.id, 'third', 60_000)).toBeNull();
    // It is a lease like any other.
    await records.transition(first.lease!, other.instance, { from: 'enabled', to: 'creating', reason: 'requested' });
    await records.releaseLease(first.lease!);
    const last = await records.request(path, 'stop', ADMIN, undefined, {}, terms);
    expect(last.lease).toMatchObject({ id: path.id, epoch: 2 });
    expect((await records.request(path, 'start', ADMIN)).lease).toBeNull();
  });

  it('takes over from a Muster that died with a lease that came with a request', async () => {
    const path = await world.instance();
    await world.records.request(path, 'start', ADMIN, undefined, {}, { owner: 'dead', ttlMs: 500 });
    world.host().start();
    await until(path, { state: 'running', observedGeneration: 1 });
  });

  it('gives back, when it stops, a lease that came with a request nobody has begun with', async () => {
    const path = await world.instance();
    const muster = world.host({ leaseMs: 60_000 }).start();
    // Not told of, as when a process is stopped between both.
    await muster.requests.request(path, 'start', ADMIN);
    expect((await world.read(path)).lifecycle.lease?.until).not.toEqual(new Date(0));
    await muster.stop();
    world.host().start();
    await until(path, { state: 'running', observedGeneration: 1 });
  });

  it('adopts, after a restart, what runs', async () => {
    const path = await world.instance();
    const first = world.host().start();
    await first.service.act(path, 'start', ADMIN, WAIT_MS);
    const { pid } = world.engine.of(path.id)[0]!;
    await first.stop();
    const second = world.host().start();
    const again = await second.service.act(path, 'start', ADMIN, WAIT_MS);
    expect(again.instance.pid).toBe(pid);
    expect([world.engine.count('create'), world.engine.count('start')]).toEqual([1, 1]);
    const connection = await second.service.connectionTo(again.instance);
    const answer = await connection.prompt({ runId: 'r', input: 'hi' }, new AbortController().signal);
    expect(answer.output).toBe('Ada: hi');
  });

  it('repairs, after a restart, what ended, was removed, or was edited meanwhile', async () => {
    const first = world.host().start();
    const [ended, removed, edited] = await Promise.all([world.instance(), world.instance(), world.instance()]);
    for (const path of [ended, removed, edited]) await first.service.act(path, 'start', ADMIN, WAIT_MS);
    await first.stop();
    world.engine.exit(world.engine.of(ended.id)[0]!.id, 1);
    world.engine.remove(world.engine.of(removed.id)[0]!.id);
    await world.update(edited, { $set: { soul: 'Grace', revision: 2 } });
    world.host().start();
    await eventually(async () => {
      for (const path of [ended, removed, edited]) {
        const [container, ...more] = world.engine.of(path.id);
        expect(more).toEqual([]);
        expect(container?.state).toBe('running');
        expect(container?.configuration?.soul).toBe(path === edited ? 'Grace' : 'Ada');
        expect((await world.read(path)).lifecycle).toMatchObject({ state: 'running', containerId: container?.id });
      }
    });
  });

  it('removes orphans: of removed agents at once, of unknown ones after a while, of others never', async () => {
    const muster = world.host();
    const [removed, alive] = await Promise.all([world.instance(), world.instance()]);
    const planOf = async (path: InstancePath) => muster.planner.plan(await world.read(path));
    const stray = world.engine.put({ ...(await planOf(alive)), name: 'stray' }, 'running');
    const left = world.engine.put(await planOf(removed), 'running');
    await world.update(removed, { $set: { removedAt: new Date(), 'lifecycle.state': 'removed' } });
    const spec = await planOf(alive);
    const unknown = world.engine.put({
      ...spec,
      name: 'unknown',
      owner: { ...spec.owner, instance: newId<AgentInstanceId>() },
    });
    const theirs = world.engine.put({
      ...spec,
      name: 'theirs',
      owner: { ...spec.owner, installation: newId<typeof spec.owner.installation>(), instance: removed.id },
    });
    await muster.service.act(alive, 'start', ADMIN, 0);
    muster.start();
    await eventually(async () => {
      const ids = [...world.engine.containers.keys()];
      for (const gone of [stray, left, unknown]) expect(ids).not.toContain(gone);
      return Promise.resolve();
    });
    expect(world.engine.containers.has(theirs)).toBe(true);
    await until(alive, { state: 'running' });
  });

  it('keeps an unknown container while its time has not come', async () => {
    const muster = world.host({ orphanGraceMs: 60_000, resyncMs: 20 });
    const spec = await muster.planner.plan(await world.read(await world.instance()));
    const unknown = world.engine.put({ ...spec, owner: { ...spec.owner, instance: newId<AgentInstanceId>() } });
    muster.start();
    await eventually(async () => {
      expect(world.engine.count('list')).toBeGreaterThan(5);
      return Promise.resolve();
    });
    expect(world.engine.containers.has(unknown)).toBe(true);
  });
});
