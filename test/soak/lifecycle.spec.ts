import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import type { Types } from 'mongoose';
import type { Lifecycle } from '../../src/domain/lifecycle/lifecycle.js';
import { LIFECYCLE_ACTIONS, type LifecycleAction } from '../../src/domain/lifecycle/lifecycle-states.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { MusterProcess } from '../support/muster-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

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
};

interface Instance {
  readonly _id: Types.ObjectId;
  readonly lifecycle: Lifecycle;
}

/** As GET /audit/events gives it. */
interface Entry {
  readonly seq: number;
  readonly prevHash: string;
  readonly hash: string;
  readonly signature: string;
  readonly keyId: string;
}

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
 * An hour's work in minutes: random requests, trouble made behind Muster's back, and kill -9 of Muster in the middle of it, again
 * and again. What has to be true at the end: every agent is what was last asked of it, the engine holds exactly the containers
 * on record, every request that was accepted is in the log once, and the log verifies.
 */
describeEngine('lifecycles under random requests and kill -9', () => {
  const random = randomFrom(SEED);
  const accepted = new Map<string, number>();
  const counts: Record<string, number> = {};
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let muster: MusterProcess;
  let agents: { readonly id: string; readonly path: string }[] = [];
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
    const { body: project } = await muster.call('POST', '/projects', {
      name: 'soak',
      roleAssignments: Array.from({ length: AGENTS }, () => ({ role: 'developer', templateId: template.id })),
    });
    agents = (project.roleAssignments as { instanceId: string }[]).map(({ instanceId }) => ({
      id: instanceId,
      path: `/projects/${project.id}/agents/${instanceId}`,
    }));
    installation = (await database.db.collection('installations').findOne({}))!['installationId'];
  }, 120_000);

  afterAll(async () => {
    await muster.kill();
    for (const { Id } of await containers()) await engine.getContainer(Id).remove({ force: true });
    await database.drop();
    await folder.remove();
  });

  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;

  async function ask(): Promise<void> {
    const { id, path } = pick(agents);
    const action = pick(SOME_ACTIONS);
    const prefer = random(10) === 0 ? 'wait=5' : 'respond-async';
    const answer = await muster
      .call('POST', `${path}/actions`, action === 'scale' ? { action, replicas: 1 + random(3) } : { action }, {
        prefer,
      })
      .catch(() => null);
    if (answer === null) count('cut by the kill');
    else {
      count(String(answer.status));
      if (answer.status === 202) accepted.set(id, (accepted.get(id) ?? 0) + 1);
    }
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
    await everyRequestIsLoggedOnce();
    await theLogVerifies();
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
    const up = new Set((await containers()).filter(({ State }) => State === 'running').map(({ Id }) => Id));
    for (const { state, containerId } of replicas) {
      expect([state, up.has(containerId ?? '')]).toEqual([state, state === 'running']);
    }
  }

  async function nothingWaits(): Promise<void> {
    for (const name of ['agent_instances', 'projects', 'templates']) {
      expect([name, await database.db.collection(name).countDocuments({ 'outbox.0': { $exists: true } })]).toEqual([
        name,
        0,
      ]);
    }
  }

  async function everyRequestIsLoggedOnce(): Promise<void> {
    for (const { _id, lifecycle } of await database.db.collection<Instance>('agent_instances').find({}).toArray()) {
      const id = _id.toHexString();
      const logged = await database.db
        .collection('event_log')
        .find({ 'subject.id': id, type: 'lifecycle.requested' })
        .toArray();
      // Every accepted request raises the generation by one. One whose answer the kill cut off may have been accepted, too.
      expect([id, logged.length]).toEqual([id, lifecycle.desired.generation]);
      expect(logged.length).toBeGreaterThanOrEqual(accepted.get(id) ?? 0);
      expect(new Set(logged.map(({ eventId }) => eventId as string)).size).toBe(logged.length);
    }
  }

  async function theLogVerifies(): Promise<void> {
    const key = createPublicKey(await readFile(join(folder.path, 'keys/signing.pem'), 'utf8'));
    const signers = new Set<string>();
    let prevHash = '0'.repeat(64);
    let seq = 0;
    for (let after = 0; ;) {
      const { body } = await muster.call('GET', `/audit/events?limit=200&after=${after}`);
      for (const { hash, signature, keyId, ...hashed } of body.items as Entry[]) {
        seq += 1;
        signers.add(keyId);
        expect([hashed.seq, hashed.prevHash]).toEqual([seq, prevHash]);
        expect(createHash('sha256').update(canonicalize(hashed)!).digest('hex')).toBe(hash);
        expect(verify(null, Buffer.from(hash, 'hex'), key, Buffer.from(signature, 'base64url'))).toBe(true);
        prevHash = hash;
      }
      if (body.nextCursor === null) break;
      after = Number(body.nextCursor);
    }
    const asked = [...accepted.values()].reduce((sum, times) => sum + times, 0);
    expect([signers.size, seq > asked]).toEqual([1, true]);
    counts['log entries'] = seq;
  }
});
