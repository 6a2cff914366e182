import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemActor } from '../../src/domain/events/actor.js';
import { newId } from '../../src/domain/ids.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import { isPoolOwner } from '../../src/domain/runtime/runtime-spec.js';
import type { PoolSettings } from '../../src/modules/lifecycle/pool/pool-settings.js';
import { eventually } from '../support/eventually.js';
import type { FakeContainer } from '../support/fake-engine.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;
/** As many warm containers as `size` says, however often they are used. */
const STEADY: Partial<PoolSettings> = { demandMs: 0 };

describe('the warm pool', () => {
  let world: LifecycleWorld;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
  });

  afterEach(async () => {
    await world.end();
  });

  const host = (pool: Partial<PoolSettings> = { size: 1 }): LifecycleHost =>
    world.host({}, world.records, { ...STEADY, ...pool }).start();

  const pooled = (): FakeContainer[] =>
    [...world.engine.containers.values()].filter(({ spec }) => isPoolOwner(spec.owner));

  const start = async (muster: LifecycleHost, path: InstancePath): Promise<string> => {
    const { instance } = await muster.service.act(path, 'start', ADMIN, WAIT_MS);
    expect(instance.lifecycle.state).toBe('running');
    return instance.lifecycle.containerId!;
  };

  /** Exactly so many are ready, and as many containers wait. */
  const warm = async (count: number): Promise<string[]> =>
    eventually(async () => {
      const open = await world.pool.containers.list('preparing', 'ready', 'gone');
      expect(open.map(({ state }) => state)).toEqual(Array.from({ length: count }, () => 'ready'));
      return open.map(({ containerId }) => containerId!);
    });

  /** A Muster whose pool has something for the next agent: the first one was not in time. */
  const warmHost = async (pool?: Partial<PoolSettings>): Promise<[LifecycleHost, string]> => {
    const muster = host(pool);
    await start(muster, await world.instance());
    return [muster, (await warm(pool?.size ?? 1))[0]!];
  };

  it('gives an agent a container that runs already, and tells it who it is', async () => {
    const [muster, waiting] = await warmHost();
    const [container] = pooled();
    await writeFile(join(container!.spec.workspaceFolder, 'brought'), 'along');
    expect(container!.configuration).toBeNull();
    const path = await world.instance({ soul: 'Grace' });
    expect(await start(muster, path)).toBe(waiting);
    expect(container!.configuration?.soul).toBe('Grace');
    const { lifecycle, pid } = await world.read(path);
    expect(pid).toBe(container!.pid);
    expect(lifecycle.containerName).toBe(container!.spec.name);
    expect(lifecycle.transitions.map(({ reason }) => reason)).toEqual([
      'requested', 'container-claimed', 'agent-healthy',
    ]); // prettier-ignore
    // Its folders are where the agent's belong.
    const workspace = muster.planner.workspaceFolder(await world.read(path));
    expect(await readFile(join(workspace, 'brought'), 'utf8')).toBe('along');
    const folders = await readdir(join(world.folder, 'artifacts/pool'));
    expect(folders).not.toContain((container!.spec.owner as unknown as { pool: string }).pool);
    expect(muster.telemetry.poolClaims).toEqual(['miss', 'hit']);
  });

  it('is filled again after each claim', async () => {
    const [muster, first] = await warmHost();
    await start(muster, await world.instance());
    const [second] = await warm(1);
    expect(second).not.toBe(first);
  });

  it.each([
    ['a restart', (muster: LifecycleHost, path: InstancePath) => muster.service.act(path, 'restart', ADMIN, WAIT_MS)],
    [
      'a stop and a start',
      async (muster: LifecycleHost, path: InstancePath) => {
        await muster.service.act(path, 'stop', ADMIN, WAIT_MS);
        await muster.service.act(path, 'start', ADMIN, WAIT_MS);
      },
    ],
    [
      'its end',
      async (_muster: LifecycleHost, path: InstancePath) => {
        world.engine.exit((await world.read(path)).lifecycle.containerId!, 1);
        return Promise.resolve();
      },
    ],
  ])('never lets a claimed container start again: after %s the agent has one of its own', async (_what, upset) => {
    const [muster, waiting] = await warmHost();
    const path = await world.instance();
    await start(muster, path);
    await upset(muster, path);
    await eventually(async () => {
      const { lifecycle, id } = await world.read(path);
      expect(lifecycle).toMatchObject({ state: 'running', observedGeneration: lifecycle.desired.generation });
      expect(lifecycle.containerId).not.toBe(waiting);
      const { spec } = world.engine.get(lifecycle.containerId!);
      expect(spec.owner.instance).toBe(id);
      expect(spec.workspaceFolder).toBe(muster.planner.workspaceFolder({ id, projectId: path.projectId }));
    }, 20_000);
    expect(world.engine.containers.has(waiting)).toBe(false);
    expect(world.engine.calls.filter(({ call, target }) => call === 'start' && target === waiting)).toHaveLength(1);
    await eventually(async () => {
      expect(await world.pool.containers.list('claimed')).toEqual([]);
    });
  });

  it('gives the last warm container to one of two Musters that ask at once', async () => {
    const [first] = await warmHost();
    const second = host({ size: 1 });
    const paths = await Promise.all(Array.from({ length: 6 }, () => world.instance()));
    const ids = await Promise.all(paths.map((path, index) => start([first, second][index % 2]!, path)));
    expect(new Set(ids).size).toBe(6);
    for (const path of paths) {
      const { lifecycle } = await world.read(path);
      expect(world.engine.get(lifecycle.containerId!).configuration?.instanceId).toBe(path.id);
    }
    const claims = await world.pool.containers.list('claimed');
    expect(claims.length).toBeGreaterThan(0);
    expect(new Set(claims.map(({ claimedBy }) => claimedBy)).size).toBe(claims.length);
  });

  it('lets exactly as many claim as there are, whoever asks', async () => {
    const [muster] = await warmHost({ size: 3 });
    // Nobody fills it meanwhile.
    await muster.stop();
    const ready = await world.pool.containers.list('ready');
    const { pool } = ready[0]!;
    const claimed = await Promise.all(Array.from({ length: 12 }, () => world.pool.containers.claim(pool, newId())));
    const ids = claimed.filter((member) => member !== null).map(({ id }) => id);
    expect(ready.length).toBeGreaterThanOrEqual(3);
    expect(new Set(ids)).toEqual(new Set(ready.map(({ id }) => id)));
    expect(ids).toHaveLength(ready.length);
  });

  it('starts an agent cold whose workspace has something in it, and leaves that alone', async () => {
    const [muster, waiting] = await warmHost();
    const path = await world.instance();
    const workspace = muster.planner.workspaceFolder({ id: path.id, projectId: path.projectId });
    await mkdir(workspace, { recursive: true });
    await writeFile(join(workspace, 'mine'), 'kept');
    expect(await start(muster, path)).not.toBe(waiting);
    expect(await readFile(join(workspace, 'mine'), 'utf8')).toBe('kept');
    expect(muster.telemetry.poolClaims).toEqual(['miss', 'ineligible']);
  });

  it('counts first starts that no pool can serve by themselves, and no later start', async () => {
    const [muster] = await warmHost();
    const path = await world.instance({ manifest: { command: ['node', 'mine.mjs'] } });
    await start(muster, path);
    const warmed = await world.instance();
    await start(muster, warmed);
    for (const action of ['restart', 'stop', 'start'] as const) {
      for (const each of [path, warmed]) await muster.service.act(each, action, ADMIN, WAIT_MS);
    }
    expect(muster.telemetry.poolClaims).toEqual(['miss', 'ineligible', 'hit']);
  });

  it('counts nothing where there is none', async () => {
    const muster = host({ size: 0 });
    await start(muster, await world.instance());
    expect(muster.telemetry.poolClaims).toEqual([]);
  });

  it('keeps a pool for each specification', async () => {
    const [muster, waiting] = await warmHost();
    const large = { resources: { memoryMiB: 1024 } };
    const other = await start(muster, await world.instance({ manifest: large }));
    expect(other).not.toBe(waiting);
    await warm(2);
    const claimed = await start(muster, await world.instance({ manifest: large }));
    expect(world.engine.get(claimed).spec.limits.memoryMiB).toBe(1024);
    expect(isPoolOwner(world.engine.get(claimed).spec.owner)).toBe(true);
  });

  it('removes an agent with the container and the folders it was given', async () => {
    const [muster, waiting] = await warmHost();
    const path = await world.instance();
    await start(muster, path);
    const workspace = muster.planner.workspaceFolder({ id: path.id, projectId: path.projectId });
    await muster.service.act(path, 'destroy', ADMIN, WAIT_MS);
    expect(world.engine.containers.has(waiting)).toBe(false);
    await expect(readdir(workspace)).rejects.toMatchObject({ code: 'ENOENT' });
    await eventually(async () => {
      expect(await world.pool.containers.list('claimed', 'gone')).toEqual([]);
    });
  });
});
