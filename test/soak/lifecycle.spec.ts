import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import { LIFECYCLE_ACTIONS, type LifecycleAction } from '../../src/domain/lifecycle/lifecycle-states.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { MusterProcess, type Answer } from '../support/muster-process.js';
import { Before } from '../support/nothing-left.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { everyRequestIsLoggedOnce, theLogVerifies, type Instance } from './what-was-logged.js';

const number = (name: string, usual: number): number => Number(process.env[name] ?? usual);
const AGENTS = number('SOAK_AGENTS', 20);
const ACTIONS = number('SOAK_ACTIONS', 2_000);
const KILLS = number('SOAK_KILLS', 30);
const SEED = number('SOAK_SEED', Date.now() % 1_000_000);

const SOME_ACTIONS: readonly LifecycleAction[] = LIFECYCLE_ACTIONS.filter((action) => action !== 'destroy');
/** What somebody with access to the engine does to containers. */
const BY_HAND = ['kill', 'remove', 'pause', 'unpause', 'restart'] as const;
const REACHED: Readonly<Record<string, readonly string[]>> = {
  enabled: ['enabled', 'stopped'],
  disabled: ['disabled'],
  running: ['running'],
  paused: ['paused'],
  stopped: ['stopped', 'enabled'],
  removed: ['removed'],
};

/** What else is asked, each so many times of a hundred. */
const OTHERS = { destroy: 3, snapshot: 4, restore: 3, fork: 2, delete: 2 } as const;
/** Forks may make them so many more than AGENTS; those that were destroyed are replaced. */
const MORE = 3;

/** Mulberry32: small, and the same for the same seed on every machine. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/**
 * An hour's work in minutes: random requests, agents that come and go, snapshots, trouble made behind Muster's back, and kill -9 of Muster in the middle of it, again
 * and again. What has to be true at the end: every agent is what was last asked of it, the engine and the disk hold
 * exactly what is on record, every request that was accepted is in the log once, and the log verifies.
 */
describeEngine('lifecycles under random requests and kill -9', () => {
  const random = randomFrom(SEED);
  const accepted = new Map<string, number>();
  const counts: Record<string, number> = {};
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let muster: MusterProcess;
  let before: Before;
  let project: string;
  let seat: { readonly role: string; readonly templateId: string };
  let installation: string;

  const start = (): Promise<MusterProcess> =>
    MusterProcess.start({
      mongoUri: database.uri,
      dataDir: folder.path,
      env: { RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, LOG_LEVEL: 'error' },
    });

  const containers = (): Promise<Docker.ContainerInfo[]> =>
    engine.listContainers({ all: true, filters: { label: [`io.muster.installation=${installation}`] } });

  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };

  beforeAll(async () => {
    before = await Before.on();
    process.stderr.write(`SOAK_SEED=${SEED}\n`);
    database = await testDatabase();
    folder = await temporaryFolder();
    muster = await start();
    const { body: template } = await muster.call('POST', '/templates', {
      name: 'soak',
      role: 'developer',
      config: { provider: 'echo', model: 'none' },
      manifest: { gracePeriodSeconds: 2 },
    });
    seat = { role: 'developer', templateId: template.id };
    const { body } = await muster.call('POST', '/projects', {
      name: 'soak',
      roleAssignments: Array.from({ length: AGENTS }, () => seat),
    });
    project = `/projects/${body.id}`;
    installation = (await database.db.collection('installations').findOne({}))!['installationId'];
  }, 120_000);

  afterAll(async () => {
    await muster.kill();
    for (const { Id } of await containers()) await engine.getContainer(Id).remove({ force: true });
    await database.drop();
    await folder.remove();
  });

  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;

  /** Those that nobody has asked to go. */
  const agents = async (): Promise<string[]> =>
    (
      await database.db
        .collection<Instance>('agent_instances')
        .find({ removedAt: null, 'lifecycle.desired.state': { $ne: 'removed' } }, { projection: { _id: 1 } })
        .sort({ _id: 1 })
        .toArray()
    ).map(({ _id }) => _id.toHexString());

  const snapshots = async (): Promise<{ readonly id: string; readonly of: string }[]> =>
    (await database.db.collection('agent_snapshots').find({ state: 'ready' }).sort({ _id: 1 }).toArray()).map(
      ({ _id, instanceId }) => ({ id: _id.toHexString(), of: String(instanceId) }),
    );

  const call = async (what: string, ...asked: Parameters<MusterProcess['call']>): Promise<Answer | null> => {
    const answer = await muster.call(...asked).catch(() => null);
    count(answer === null ? 'cut by the kill' : `${what} ${answer.status}`);
    return answer;
  };

  const note = (id: string, answer: Answer | null): void => {
    if (answer?.status === 202) accepted.set(id, (accepted.get(id) ?? 0) + 1);
  };

  async function ask(): Promise<void> {
    let chance = random(100);
    const other = (Object.keys(OTHERS) as (keyof typeof OTHERS)[]).find((each) => (chance -= OTHERS[each]) < 0);
    const prefer = random(10) === 0 ? 'wait=5' : 'respond-async';
    const [id, kept] = [pick(await agents()), await snapshots()];
    const path = `${project}/agents/${id}`;
    if (other === undefined || other === 'destroy') {
      const action = other ?? pick(SOME_ACTIONS);
      const body = action === 'scale' ? { action, replicas: 1 + random(3) } : { action };
      note(id, await call(other ?? 'action', 'POST', `${path}/actions`, body, { prefer }));
      return;
    }
    if (other === 'snapshot') {
      const target = pick(['archive', 'image'] as const);
      await call(other, 'POST', `${path}/snapshots`, { target }, { prefer });
      return;
    }
    if (kept.length === 0) return;
    const { id: snapshot, of } = pick(kept);
    const its = `${project}/agents/${of}/snapshots/${snapshot}`;
    if (other === 'restore') note(of, await call(other, 'POST', `${its}/restore`, undefined, { prefer }));
    else if (other === 'delete') await call(other, 'DELETE', its);
    else if ((await agents()).length < AGENTS + MORE) await call(other, 'POST', `${its}/fork`, {}, { prefer });
  }

  /** For those that were destroyed. */
  async function fillUp(): Promise<void> {
    for (let missing = AGENTS - (await agents()).length; missing > 0; missing -= 1)
      await call('new seat', 'POST', `${project}/role-assignments`, seat);
  }

  async function interfere(): Promise<void> {
    const found = await containers();
    if (found.length === 0) return;
    const container = engine.getContainer(pick(found).Id);
    const how = pick(BY_HAND);
    count(`${how} by hand`);
    const done = how === 'remove' ? container.remove({ force: true }) : container[how]();
    // It may be gone, or in another state, by now: that is for Muster to make good.
    await (done as Promise<unknown>).catch(() => undefined);
  }

  async function killAndRestart(): Promise<void> {
    await muster.kill();
    count('kill -9');
    muster = await start();
  }

  it('converges, with no orphan and no lost event, and the log verifies', async () => {
    const killEvery = Math.ceil(ACTIONS / (KILLS + 1));
    const begun = Date.now();
    for (let done = 1; done <= ACTIONS; done += 1) {
      const asking = ask();
      // Some at once, some one after another.
      if (random(3) > 0) await asking;
      if (random(40) === 0) await interfere();
      if (done % 10 === 0) await fillUp();
      // In the middle of whatever is under way.
      if (done % killEvery === 0 && (counts['kill -9'] ?? 0) < KILLS) await killAndRestart();
      if (done % 100 === 0) {
        process.stderr.write(
          `${done} actions, ${counts['kill -9'] ?? 0} kills, ${Math.round((Date.now() - begun) / 1000)} s\n`,
        );
      }
    }
    await eventually(hasConverged, 300_000);
    await eventually(nothingWaits, 60_000);
    await everyRequestIsLoggedOnce(database.db, accepted);
    counts['log entries'] = await theLogVerifies(muster, folder.path);
    expect(counts['log entries']).toBeGreaterThan([...accepted.values()].reduce((sum, times) => sum + times, 0));
    await everythingCanGo();
    process.stderr.write(
      `${JSON.stringify({ seed: SEED, agents: AGENTS, seconds: Math.round((Date.now() - begun) / 1000), ...counts })}\n`,
    );
  }, 3_600_000);

  async function hasConverged(): Promise<void> {
    const records = await database.db.collection<Instance>('agent_instances').find({}).toArray();
    const states = records.map(({ _id, lifecycle }) => ({
      id: _id.toHexString(),
      reached: lifecycle.observedGeneration === lifecycle.desired.generation,
      wanted: lifecycle.desired.state,
      state: lifecycle.state,
    }));
    for (const { reached, wanted, state, id } of states) {
      expect([id, wanted, state, reached, REACHED[wanted]?.includes(state)]).toEqual([id, wanted, state, true, true]);
    }
    const replicas = records.flatMap(({ lifecycle }) => lifecycle.replicas);
    const onRecord = replicas.flatMap(({ containerId }) => (containerId === null ? [] : [containerId]));
    expect((await containers()).map(({ Id }) => Id).sort()).toEqual(onRecord.sort());
    await nothingElseIsKept(records);
    const up = new Set((await containers()).filter(({ State }) => State === 'running').map(({ Id }) => Id));
    for (const { state, containerId } of replicas) {
      expect([state, up.has(containerId ?? '')]).toEqual([state, state === 'running']);
    }
  }

  /** Archives, images and folders: of the snapshots and agents that are there, and of no others. */
  async function nothingElseIsKept(records: readonly Instance[]): Promise<void> {
    const kept = await database.db.collection('agent_snapshots').find({ state: 'ready' }).toArray();
    const names = async (path: string): Promise<string[]> => (await readdir(path).catch(() => [])).sort();
    const archives = kept.map(({ _id }) => `${_id.toHexString()}.tar`);
    expect(await names(join(folder.path, 'snapshots'))).toEqual(archives.sort());
    const images = await engine.listImages({ filters: { label: [`io.muster.installation=${installation}`] } });
    const committed = kept.filter((snapshot) => snapshot['image'] !== null);
    expect(images.flatMap(({ RepoTags }) => RepoTags ?? ['untagged']).sort()).toEqual(
      committed.map(({ _id }) => `muster/snapshot:${_id.toHexString()}`).sort(),
    );
    const living = new Set(records.filter(({ removedAt }) => removedAt === null).map(({ _id }) => _id.toHexString()));
    const workspaces = await names(join(folder.path, 'artifacts', project.replace('/projects/', ''), 'workspaces'));
    expect(workspaces.filter((name) => !living.has(name))).toEqual([]);
  }

  async function nothingWaits(): Promise<void> {
    for (const { name } of await database.db.listCollections({}, { nameOnly: true }).toArray()) {
      expect([name, await database.db.collection(name).countDocuments({ 'outbox.0': { $exists: true } })]).toEqual([
        name,
        0,
      ]);
    }
  }

  async function everythingCanGo(): Promise<void> {
    for (const id of await agents()) {
      const { status } = await muster.call('POST', `${project}/agents/${id}/actions`, { action: 'destroy' });
      expect([id, status]).toEqual([id, 200]);
    }
    for (const { _id, instanceId } of await database.db
      .collection('agent_snapshots')
      .find({ state: { $in: ['ready', 'failed'] } })
      .toArray()) {
      const path = `${project}/agents/${String(instanceId)}/snapshots/${_id.toHexString()}`;
      expect([path, (await muster.call('DELETE', path)).status]).toEqual([path, 204]);
    }
    await before.expectNothingLeft({ database, dataDir: folder.path });
  }
});
