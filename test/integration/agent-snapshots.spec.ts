import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentSnapshot } from '../../src/domain/agent-snapshots/agent-snapshot.js';
import type { WorkspaceCapture } from '../../src/domain/agent-snapshots/workspace-capture.js';
import { systemActor } from '../../src/domain/events/actor.js';
import { domainEvent } from '../../src/domain/events/domain-events.js';
import { newId, type AgentSnapshotId, type TemplateId } from '../../src/domain/ids.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import { LeaseLostError } from '../../src/domain/lifecycle/lease-lost.error.js';
import { SnapshotLeftovers } from '../../src/modules/agent-snapshots/snapshot-leftovers.js';
import { SnapshotMaking } from '../../src/modules/agent-snapshots/snapshot-making.js';
import { SnapshotSettings } from '../../src/modules/agent-snapshots/snapshot-settings.js';
import { SnapshotSweeper } from '../../src/modules/agent-snapshots/snapshot-sweeper.js';
import type { Configuration } from '../../src/platform/config/configuration.js';
import { DomainEventBus } from '../../src/platform/events/domain-event-bus.js';
import { eventually } from '../support/eventually.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;
const LIMITS = { maxBytes: 1e6, maxEntries: 1000 };
/** What a call to the engine may take on a machine that has much else to do. */
const PATIENT = { callTimeoutMs: 2_000, leaseMs: 3_000 };
const NEVER = new AbortController().signal;

describe('snapshots, whatever dies', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    muster = world.host(PATIENT);
  });

  afterEach(async () => {
    await world.end();
  });

  const workspaceOf = async (path: InstancePath): Promise<string> =>
    muster.planner.workspaceFolder(await world.read(path));
  const write = async (path: InstancePath, text: string): Promise<void> => {
    const folder = await workspaceOf(path);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'plan.txt'), text);
  };
  const readPlan = async (path: InstancePath): Promise<string> =>
    readFile(join(await workspaceOf(path), 'plan.txt'), 'utf8');
  const running = async (): Promise<InstancePath> => {
    const path = await world.instance();
    await muster.service.act(path, 'start', ADMIN, WAIT_MS);
    await write(path, 'old');
    return path;
  };
  const until = (path: InstancePath, state: string): Promise<void> =>
    eventually(async () => {
      const { lifecycle } = await world.read(path);
      expect([lifecycle.state, lifecycle.seed ?? null, lifecycle.error]).toEqual([state, null, null]);
    });

  function snapshotOf(path: InstancePath, changes: Partial<AgentSnapshot> = {}): AgentSnapshot {
    return {
      id: newId<AgentSnapshotId>(),
      tenantId: path.tenantId,
      projectId: path.projectId,
      instanceId: path.id,
      revision: 1,
      role: 'developer',
      templateId: newId<TemplateId>(),
      templateVersion: 1,
      templateDigest: '0'.repeat(64),
      blueprint: {
        soul: 'Ada',
        aieos_identity: null,
        systemPrompt: '',
        tools: [],
        config: { model: 'any', provider: 'echo', skills: '', canWriteCode: false, mcpServers: [] },
        manifest: {},
        displayName: 'Dev',
        tags: [],
      },
      blueprintDigest: '1'.repeat(64),
      target: 'archive',
      reason: null,
      state: 'pending',
      archive: null,
      image: null,
      error: null,
      createdBy: ADMIN,
      createdAt: new Date(),
      endedAt: null,
      ...changes,
    };
  }

  const capture = (path: InstancePath, snapshotId: AgentSnapshotId): ReturnType<typeof muster.capture.capture> =>
    muster.capture.capture(
      path,
      { snapshotId, image: false, ...LIMITS },
      (bytes) => world.kept.archives.write(snapshotId, bytes, LIMITS.maxBytes),
      NEVER,
    );

  /** Ready, as the API would have made it. */
  async function taken(path: InstancePath): Promise<AgentSnapshot> {
    const snapshot = snapshotOf(path);
    await world.kept.snapshots.insert(snapshot, 20, 60_000);
    const { kept } = (await capture(path, snapshot.id)) as { kept: NonNullable<AgentSnapshot['archive']> };
    const about = {
      tenantId: path.tenantId,
      actor: ADMIN,
      subject: { type: 'agent-snapshot', id: snapshot.id } as const,
    };
    const event = domainEvent('agent.snapshot.created', about, {
      snapshotId: snapshot.id,
      instanceId: path.id,
      revision: 1,
      target: 'archive',
      digest: snapshot.blueprintDigest,
      archiveSha256: kept.sha256,
      bytes: kept.bytes,
      imageId: null,
    });
    return (await world.kept.snapshots.complete(snapshot.id, { archive: kept, image: null }, event))!;
  }

  /** What a restore writes into the agent's document. */
  const wantFilled = (path: InstancePath, { id }: AgentSnapshot): Promise<void> =>
    world.update(path, {
      $set: { 'lifecycle.seed': { snapshotId: id, revision: 2 }, 'lifecycle.retryAt': new Date(0), revision: 2 },
      $inc: { 'lifecycle.desired.generation': 1 },
    });

  /** Nothing but the workspace itself, and no container but the agent's own. */
  async function expectClean(path: InstancePath): Promise<void> {
    const folder = await workspaceOf(path);
    await eventually(async () => {
      expect(world.engine.of(path.id).filter(({ spec }) => spec.specDigest.startsWith('files:'))).toEqual([]);
      expect(await readdir(join(folder, '..'))).toEqual([path.id]);
    });
  }

  it('an agent that was paused by a Muster that died goes on, and what it read with is removed', async () => {
    const first = muster.start();
    const path = await running();
    await first.stop();
    const dead = world.records;
    const { lease, instance } = (await dead.acquireLease(path.id, 'dead', 300))!;
    const container = world.engine.of(path.id)[0]!;
    await first.runtime.pause(container.id);
    await dead.transition(lease, instance, { from: 'running', to: 'paused', reason: 'snapshot' });
    world.engine.put(await muster.planner.planFiles(instance, await workspaceOf(path)), 'running');
    world.host(PATIENT).start();
    await until(path, 'running');
    expect([container.state, (await world.read(path)).lifecycle.containerId]).toEqual(['running', container.id]);
    await expectClean(path);
  });

  it('whose lease is taken over while it is taken fails, and the agent goes on', async () => {
    muster.start();
    const path = await running();
    world.engine.beforeFiles = async () => {
      world.engine.beforeFiles = () => Promise.resolve();
      // In one write: between two of them the reconciler itself may take it.
      const lease = { owner: 'thief', epoch: (await world.read(path)).lifecycle.lease!.epoch + 1 };
      await world.update(path, { $set: { 'lifecycle.lease': { ...lease, until: new Date(Date.now() + 60_000) } } });
      await world.records.releaseLease({ id: path.id, ...lease });
    };
    await expect(capture(path, newId<AgentSnapshotId>())).rejects.toBeInstanceOf(LeaseLostError);
    await until(path, 'running');
    expect(world.engine.of(path.id).map(({ state }) => state)).toEqual(['running']);
    await expectClean(path);
  });

  it('are taken while nothing runs, and one at a time', async () => {
    muster.start();
    const path = await running();
    const states: string[] = [];
    let atOnce = 0;
    world.engine.beforeFiles = async () => {
      atOnce += 1;
      states.push(`${atOnce} ${world.engine.of(path.id)[0]!.state}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      atOnce -= 1;
    };
    await Promise.all([1, 2, 3].map(() => capture(path, newId<AgentSnapshotId>())));
    expect(states).toEqual(['1 paused', '1 paused', '1 paused']);
    await until(path, 'running');
  });

  it.each(['before the files are unpacked', 'while the container for files is made', 'when the folders were swapped'])(
    'a restore that breaks off %s is finished, with the archive whole and nothing left',
    async (where) => {
      const records = world.records;
      muster = world.host(PATIENT, records).start();
      const path = await running();
      const snapshot = await taken(path);
      await write(path, 'new');
      const broken = (): Promise<never> => Promise.reject(new Error('as if the process had died here'));
      let cuts = 0;
      if (where.startsWith('before')) {
        world.engine.beforeFiles = () => (cuts++ === 0 ? broken() : Promise.resolve());
      } else if (where.startsWith('while')) {
        cuts = 1;
        world.engine.failNext('create', 'after', new Error('as if the process had died here'));
      } else {
        const seeded = records.seeded.bind(records);
        records.seeded = (lease, seed) => (cuts++ === 0 ? broken() : seeded(lease, seed));
      }
      const before = world.engine.of(path.id)[0]!.id;
      await wantFilled(path, snapshot);
      await until(path, 'running');
      expect(cuts).toBeGreaterThan(0);
      expect(await readPlan(path)).toBe('old');
      expect(world.engine.of(path.id)[0]!.id).not.toBe(before);
      await expectClean(path);
    },
  );

  it('a restore leaves a stopped agent stopped, and one that nobody started is as startable as before', async () => {
    muster.start();
    const path = await running();
    const snapshot = await taken(path);
    await muster.service.act(path, 'stop', ADMIN, WAIT_MS);
    await write(path, 'new');
    await wantFilled(path, snapshot);
    await until(path, 'stopped');
    expect([await readPlan(path), world.engine.of(path.id)]).toEqual(['old', []]);
    const fork = await world.instance();
    await wantFilled(fork, snapshot);
    await until(fork, 'stopped');
    expect(await readPlan(fork)).toBe('old');
    await muster.service.act(fork, 'start', ADMIN, WAIT_MS);
  });

  it('an archive that is not what was written fills nothing: the agent fails, keeps what it has, and can be destroyed', async () => {
    muster.start();
    const path = await running();
    const snapshot = await taken(path);
    const file = join(world.folder, 'snapshots', `${snapshot.id}.tar`);
    await writeFile(file, (await readFile(file, 'utf8')).replace('old', 'odd'));
    await write(path, 'new');
    await wantFilled(path, snapshot);
    await eventually(async () => {
      const { state, error, retryAt } = (await world.read(path)).lifecycle;
      expect([state, error?.code, retryAt]).toEqual(['failed', 'SNAPSHOT_DAMAGED', null]);
    });
    expect(await readPlan(path)).toBe('new');
    await muster.service.act(path, 'destroy', ADMIN, WAIT_MS);
    expect(world.engine.of(path.id)).toEqual([]);
    expect(await readdir(join(await workspaceOf(path), '..'))).toEqual([]);
  });

  it('an agent has so many and no more, however many are asked for at once', async () => {
    const path = await world.instance();
    const asked = await Promise.allSettled(
      Array.from({ length: 8 }, () => world.kept.snapshots.insert(snapshotOf(path), 3, 60_000)),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    for (const answer of asked) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    }
  });

  describe('made by a process', () => {
    let making: SnapshotMaking;
    let sweeper: SnapshotSweeper;
    let published: string[];

    function madeBy(work: WorkspaceCapture['capture']): void {
      published = [];
      const { snapshots, archives } = world.kept;
      const bus = new DomainEventBus(new EventEmitter2());
      bus.onAny(({ type }) => published.push(type));
      const settings = new SnapshotSettings({ makerMs: 300, renewEveryMs: 50 });
      const configuration = { snapshots: { perAgent: 3, ...LIMITS } } as unknown as Configuration;
      const leftovers = new SnapshotLeftovers(snapshots, archives, muster.runtime);
      const captures = { capture: work, assertPossible: () => Promise.resolve() } as WorkspaceCapture;
      making = new SnapshotMaking(snapshots, captures, archives, leftovers, bus, configuration, settings);
      sweeper = new SnapshotSweeper(snapshots, making, leftovers, settings);
    }

    const filesOf = async (): Promise<string[]> => readdir(join(world.folder, 'snapshots')).catch(() => []);

    it('that died are lost, with all they had begun', async () => {
      madeBy(() => Promise.reject(new Error('nobody asks')));
      const path = await world.instance();
      const snapshot = snapshotOf(path);
      await world.kept.snapshots.insert(snapshot, 3, -1);
      await mkdir(join(world.folder, 'snapshots'), { recursive: true });
      await writeFile(join(world.folder, 'snapshots', `${snapshot.id}.tar.part`), 'half');
      await sweeper.sweep();
      const lost = await world.kept.snapshots.find(snapshot.id, path.tenantId);
      expect(lost).toMatchObject({ state: 'failed', error: { code: 'SNAPSHOT_LOST' }, archive: null });
      expect([await filesOf(), published]).toEqual([[], ['agent.snapshot.failed']]);
      expect(await world.kept.snapshots.findUncleared(10)).toEqual([]);
    });

    it('that was taken for dead keep nothing of what they finish', async () => {
      const path = await world.instance();
      const snapshot = snapshotOf(path);
      madeBy(async (_path, _request, keep) => {
        await sweeper.sweep();
        const kept = await keep(bytesOf('late'));
        return { kept, image: null };
      });
      await world.kept.snapshots.insert(snapshot, 3, -1);
      expect(await making.make(snapshot)).toMatchObject({ state: 'failed', error: { code: 'SNAPSHOT_LOST' } });
      expect(await filesOf()).toEqual([]);
    });

    it('that break off in the middle, or go beyond what is allowed, leave no file and say why', async () => {
      const path = await world.instance();
      madeBy(async (_path, _request, keep) => ({
        kept: await keep(bytesOf('x'.repeat(LIMITS.maxBytes + 1))),
        image: null,
      }));
      const large = snapshotOf(path);
      await world.kept.snapshots.insert(large, 3, 60_000);
      expect(await making.make(large)).toMatchObject({ state: 'failed', error: { code: 'BODY_TOO_LARGE' } });
      madeBy(async (_path, _request, keep) => ({ kept: await keep(breakingOff()), image: null }));
      const broken = snapshotOf(path);
      await world.kept.snapshots.insert(broken, 3, 60_000);
      expect(await making.make(broken)).toMatchObject({ state: 'failed', error: { code: 'INTERNAL' } });
      expect(await filesOf()).toEqual([]);
    });
  });
});

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

async function* breakingOff(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from('half'));
  throw new Error('the connection is gone');
}
