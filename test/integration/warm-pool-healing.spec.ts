import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemActor } from '../../src/domain/events/actor.js';
import { newId, type AgentInstanceId, type PoolMemberId } from '../../src/domain/ids.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import { isPoolOwner, type RuntimeSpec } from '../../src/domain/runtime/runtime-spec.js';
import type { PoolSettings } from '../../src/modules/lifecycle/pool/pool-settings.js';
import { eventually } from '../support/eventually.js';
import type { FakeContainer } from '../support/fake-engine.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;

describe('the warm pool, when something goes wrong', () => {
  let world: LifecycleWorld;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
  });

  afterEach(async () => {
    await world.end();
  });

  const host = (pool: Partial<PoolSettings> = {}): LifecycleHost =>
    world.host({}, world.records, { size: 1, demandMs: 0, ...pool }).start();

  const pooled = (): FakeContainer[] =>
    [...world.engine.containers.values()].filter(({ spec }) => isPoolOwner(spec.owner));

  const start = async (muster: LifecycleHost, path: InstancePath): Promise<string> =>
    (await muster.service.act(path, 'start', ADMIN, WAIT_MS)).instance.lifecycle.containerId!;

  /** What waits, is in the making or to be removed is `count` ready ones; and that is all there is of containers and folders. */
  const tidy = async (count: number): Promise<string[]> =>
    eventually(async () => {
      const open = await world.pool.containers.list('preparing', 'ready', 'gone');
      expect(open.map(({ state }) => state)).toEqual(Array.from({ length: count }, () => 'ready'));
      const claimed = await world.pool.containers.list('claimed');
      const known = [...open, ...claimed].map(({ containerId }) => containerId);
      expect(pooled().map(({ id }) => id).sort()).toEqual(known.sort()); // prettier-ignore
      expect(await folders('artifacts/pool')).toEqual(open.map(({ id }) => id).sort());
      expect(await folders('run', 'pool-')).toEqual(open.map(({ id }) => `pool-${id}`).sort());
      return open.map(({ containerId }) => containerId!);
    });

  const folders = async (folder: string, prefix = ''): Promise<string[]> => {
    const all = await readdir(join(world.folder, folder)).catch(() => []);
    return all.filter((name) => name.startsWith(prefix)).sort();
  };

  const warmHost = async (pool?: Partial<PoolSettings>): Promise<[LifecycleHost, string]> => {
    const muster = host(pool);
    await start(muster, await world.instance());
    return [muster, (await tidy(pool?.size ?? 1))[0]!];
  };

  const poolName = async (): Promise<string> => (await world.pool.containers.list('ready'))[0]!.pool;

  it('an agent whose Muster died after the claim gets the same container from the next Muster', async () => {
    const [first, waiting] = await warmHost();
    await first.stop();
    const path = await world.instance();
    await world.records.request(path, 'start', ADMIN);
    await world.update(path, { $set: { 'lifecycle.state': 'creating' } });
    await world.pool.containers.claim(await poolName(), path.id);
    host();
    await eventually(async () => {
      expect((await world.read(path)).lifecycle).toMatchObject({ state: 'running', containerId: waiting });
    });
    await tidy(1);
  });

  it('a claim that its agent made no use of ends with the container', async () => {
    const [first, waiting] = await warmHost();
    const pool = await poolName();
    const path = await world.instance();
    await world.pool.containers.claim(pool, path.id);
    await world.pool.containers.claim(pool, newId<AgentInstanceId>());
    await eventually(async () => {
      expect(world.engine.containers.has(waiting)).toBe(false);
      expect(await world.pool.containers.list('claimed')).toEqual([]);
    });
    expect((await world.read(path)).lifecycle.state).toBe('enabled');
    await tidy(1);
    await first.stop();
  });

  it('what a filler that died has begun is removed, recorded or not', async () => {
    const [first] = await warmHost();
    await first.stop();
    const [model] = pooled();
    const dead = { id: newId<PoolMemberId>(), pool: await poolName(), memoryMiB: 512, preparedBy: 'dead' };
    await world.pool.containers.insert(dead);
    const owner = { ...model!.spec.owner, pool: dead.id };
    const spec = { ...model!.spec, name: `muster_pool_${dead.id}`, owner } as RuntimeSpec;
    const begun = world.engine.put(spec, 'running');
    const noDocument = { ...spec, name: 'stray', owner: { ...owner, pool: newId<PoolMemberId>() } };
    const stray = world.engine.put(noDocument, 'running');
    host();
    await eventually(async () => {
      for (const id of [begun, stray]) expect(world.engine.containers.has(id)).toBe(false);
      return Promise.resolve();
    });
    await tidy(1);
  });

  it('a removal that was begun is finished', async () => {
    const [first, waiting] = await warmHost();
    await first.stop();
    const [member] = await world.pool.containers.list('ready');
    await world.pool.containers.retire(member!.id, 'ready');
    host();
    await eventually(async () => {
      expect(world.engine.containers.has(waiting)).toBe(false);
      return Promise.resolve();
    });
    await tidy(1);
  });

  it.each(['exited', 'paused', 'removed'] as const)('one that was %s behind its back is replaced', async (what) => {
    const [, waiting] = await warmHost();
    if (what === 'removed') world.engine.remove(waiting);
    else if (what === 'exited') world.engine.exit(waiting, 137);
    else world.engine.get(waiting).state = 'paused';
    await eventually(async () => {
      const [now] = await tidy(1);
      expect(now).not.toBe(waiting);
    });
  });

  describe('one that somebody else starts', () => {
    /** Only events tell it anything. */
    const watching = async (): Promise<[LifecycleHost, string]> => {
      const muster = world.host({ resyncMs: 600_000 }, world.records, { size: 1, demandMs: 0 }).start();
      await start(muster, await world.instance());
      return [muster, (await tidy(1))[0]!];
    };

    it.each(['again, both events', 'again, one event'])('%s, is replaced, and given to nobody', async (what) => {
      const [muster, waiting] = await watching();
      const container = world.engine.get(waiting);
      if (what.includes('both')) world.engine.exit(waiting, 0);
      else Object.assign(container, { state: 'exited', pid: null });
      world.engine.start(container);
      const replacement = await eventually(async () => {
        const [now] = await tidy(1);
        expect(now).not.toBe(waiting);
        return now;
      });
      expect(world.engine.containers.has(waiting)).toBe(false);
      expect(await start(muster, await world.instance())).toBe(replacement);
    });

    it('and nobody has prepared, is removed', async () => {
      const [, waiting] = await watching();
      const { spec } = world.engine.get(waiting);
      const owner = { installation: spec.owner.installation, pool: newId<PoolMemberId>() };
      const stray = world.engine.put({ ...spec, name: 'stray', owner } as unknown as RuntimeSpec);
      world.engine.start(world.engine.get(stray));
      await eventually(async () => {
        expect(world.engine.containers.has(stray)).toBe(false);
        return Promise.resolve();
      });
      expect(await tidy(1)).toEqual([waiting]);
    });
  });

  it('an agent is never given one that does not answer, and takes the next', async () => {
    // Nobody notices before: there is no event and no resync.
    const rarely = world.host({ resyncMs: 60_000 }, world.records, { size: 2, demandMs: 0, lookMs: 60_000 });
    const muster = rarely.start();
    await start(muster, await world.instance());
    const [first, second] = await tidy(2);
    Object.assign(world.engine.get(first!), { state: 'exited', pid: null });
    expect(await start(muster, await world.instance())).toBe(second);
  });

  it('an agent starts cold while the engine makes no warm ones; that is told once, and they come when it does', async () => {
    const muster = host();
    world.engine.behaviour = 'silent';
    const path = await world.instance();
    await muster.service.act(path, 'start', ADMIN, 0);
    world.engine.behaviour = 'healthy';
    await eventually(async () => {
      expect((await world.read(path)).lifecycle.state).toBe('running');
    });
    world.engine.failNext('create', 'before', 'disk-full', 3);
    await tidy(1);
    expect(world.engine.containers.size).toBe(2);
  });

  it('an image that is gone takes its warm containers with it, and nothing is tried over and over', async () => {
    const [muster, waiting] = await warmHost();
    world.engine.image = 'sha256:two';
    world.engine.remove(waiting);
    await eventually(async () => {
      expect(await world.pool.demands.list()).toEqual([]);
    });
    await tidy(0);
    expect(muster.warm.figures.all.size).toBe(1);
  });

  it('waits while the engine is away, and goes on when it is back', async () => {
    const [muster] = await warmHost();
    const path = await world.instance();
    world.engine.goAway();
    await muster.service.act(path, 'start', ADMIN, 0);
    world.engine.comeBack();
    await eventually(async () => {
      expect((await world.read(path)).lifecycle.state).toBe('running');
    });
    await tidy(1);
  });

  it('shrinks when nobody asks any more, and when there is to be no pool', async () => {
    const [first] = await warmHost();
    await first.stop();
    const second = host({ maxIdleMs: 1 });
    await tidy(0);
    expect(await world.pool.demands.list()).toEqual([]);
    await second.stop();
    const [third] = await warmHost();
    await third.stop();
    host({ size: 0 });
    await tidy(0);
  });

  it('grows with demand, within what all pools may use together', async () => {
    const muster = host({ size: 1, demandMs: 60_000, maxMemoryMiB: 3 * 512 + 100 });
    await start(muster, await world.instance());
    await tidy(2);
    await start(muster, await world.instance());
    await start(muster, await world.instance());
    await tidy(3);
  });

  it('several Musters fill one pool once', async () => {
    const musters = [host({ size: 2 }), host({ size: 2 }), host({ size: 2 })];
    await start(musters[1]!, await world.instance());
    await tidy(2);
    expect(world.engine.count('create')).toBe(3);
    await musters[0]!.stop();
    await musters[1]!.stop();
    await start(musters[2]!, await world.instance());
    await tidy(2);
  });
});
