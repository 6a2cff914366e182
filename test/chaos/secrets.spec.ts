import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { BSON } from 'mongodb';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { AGENT_IMAGE, describeEngine, engine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { runInside } from '../support/inside-container.js';
import { MusterProcess } from '../support/muster-process.js';
import { SteppingEngineProxy } from '../support/stepping-engine-proxy.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const MOST_STEPS = 40;
/** What Muster asks the engine all the time: no step of a start. */
const CHATTER = /\/(_ping|version|info|events)/;
const VALUE = 'open-sesame-open-sesame';
const FORMS = [VALUE, Buffer.from(VALUE).toString('hex'), Buffer.from(VALUE).toString('base64').slice(0, -4)];

interface Agent {
  readonly projectId: string;
  readonly id: string;
  readonly path: string;
}

/**
 * Starts an agent that needs a secret at its first instruction, while Muster is killed at its k-th call to the engine from the first
 * container on, for every k. Whatever happens, it finds its secret; no container and no memory is left once it is gone; and the value is where the
 * agent is and nowhere else.
 */
describeEngine('a secret, while Muster is killed at every step of a start', () => {
  let database: TestDatabase;
  let proxy: SteppingEngineProxy;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let muster: MusterProcess;
  let template: string;
  let installation: string;
  const logs: string[] = [];

  beforeAll(async () => {
    [database, folder] = await Promise.all([testDatabase(), temporaryFolder()]);
    proxy = await SteppingEngineProxy.start(ENGINE_HOST, join(folder.path, 'engine.sock'));
    muster = await start();
    const command = ['/bin/sh', '-c', 'cat "$TOKEN_FILE" > /workspace/seen || exit 9; exec sleep 3600'];
    const created = await muster.call('POST', '/templates', {
      name: 'keeper',
      role: 'developer',
      manifest: { image: SMALL_IMAGE, command, env: [{ name: 'TOKEN', secret: 'token' }] },
    });
    template = created.body.id;
    await muster.call('PUT', '/secrets/token', { value: VALUE });
    installation = (await database.db.collection('installations').findOne({}))!['installationId'];
  });

  afterAll(async () => {
    await muster.kill();
    await proxy.stop();
    for (const id of await containers()) await engine.getContainer(id).remove({ force: true, v: true });
    await database.drop();
    await folder.remove();
  });

  const start = (): Promise<MusterProcess> =>
    MusterProcess.start({
      mongoUri: database.uri,
      dataDir: join(folder.path, 'data'),
      env: { RUNTIME: 'docker', DOCKER_HOST: proxy.host, AGENT_IMAGE, LOG_LEVEL: 'trace' },
    });
  const labelled = () => ({ label: [`io.muster.installation=${installation}`] });
  const containers = async (): Promise<string[]> =>
    (await engine.listContainers({ all: true, filters: labelled() })).map(({ Id }) => Id);
  const memories = async (): Promise<string[]> =>
    (await engine.listVolumes({ filters: labelled() })).Volumes.map(({ Name }) => Name);

  async function newAgent(name: string): Promise<Agent> {
    const roleAssignments = [{ role: 'developer', templateId: template }];
    const { body } = await muster.call('POST', '/projects', { name, roleAssignments });
    const { id: projectId, roleAssignments: seats } = body as { id: string; roleAssignments: { instanceId: string }[] };
    const id = seats[0]!.instanceId;
    return { projectId, id, path: `/projects/${projectId}/agents/${id}` };
  }

  /** Starts the agent, and kills Muster at that call to the engine. Resolves to whether it came to that many. */
  async function startKilledAt(step: number, agent: Agent): Promise<boolean> {
    const kills: Promise<void>[] = [];
    let seen = 0;
    // What comes before only looks images up.
    let hasBegun = false;
    proxy.watcher = (call) => {
      hasBegun ||= call.includes('/containers/create');
      if (!hasBegun || CHATTER.test(call)) return 'pass';
      if (kills.length === 0 && ++seen === step) kills.push(muster.kill());
      return kills.length > 0 ? 'cut' : 'pass';
    };
    const asked = muster.call('POST', `${agent.path}/actions`, { action: 'start' }, { prefer: 'wait=60' });
    const answer = await asked.catch((error: unknown) => error);
    await Promise.all(kills);
    proxy.watcher = () => 'pass';
    if (kills.length === 0) {
      expect(answer).toMatchObject({ status: 200, body: { state: 'running' } });
      return false;
    }
    proxy.cutAll();
    logs.push(muster.log);
    // A dead process keeps its lease until it runs out.
    await database.db
      .collection('agent_instances')
      .updateMany({ 'lifecycle.lease': { $ne: null } }, { $set: { 'lifecycle.lease.until': new Date(0) } });
    muster = await start();
    return true;
  }

  /** It runs, has seen its secret, and there is one memory for the two of them; or the request was lost with Muster. */
  async function check(agent: Agent): Promise<string> {
    return eventually(async () => {
      const { body } = await muster.call('GET', `${agent.path}/lifecycle`);
      const { state, desired, replicas, containerId, error } = body;
      expect([state, error]).toEqual([desired.state, null]);
      if (state !== 'running') return state as string;
      expect((await containers()).sort()).toEqual([containerId, replicas[0].companionId].sort());
      expect(await memories()).toHaveLength(1);
      const seen = await runInside(containerId as string, ['/bin/cat', '/workspace/seen', '/run/secrets/TOKEN']);
      expect(seen).toEqual({ code: 0, said: `${VALUE}${VALUE}` });
      await expectSecret(containerId as string, replicas[0].companionId as string);
      return state as string;
    }, 40_000);
  }

  /** Neither the engine nor the kernel shows it. */
  async function expectSecret(main: string, companion: string): Promise<void> {
    for (const id of [main, companion]) {
      const shown = JSON.stringify(await engine.getContainer(id).inspect());
      for (const form of FORMS) expect(shown).not.toContain(form);
    }
    const look = 'cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr "\\0" "\\n"; cat /proc/mounts';
    const { said } = await runInside(main, ['/bin/sh', '-c', look]);
    expect(said).toContain('TOKEN_FILE=/run/secrets/TOKEN');
    for (const form of FORMS) expect(said).not.toContain(form);
  }

  it('is given, kept, and gone with the agent', async () => {
    const outcomes: string[] = [];
    for (let step = 1; step <= MOST_STEPS; step++) {
      const agent = await newAgent(`kept ${step}`);
      const killed = await startKilledAt(step, agent);
      outcomes.push(await check(agent));
      await muster.call('DELETE', `/projects/${agent.projectId}`);
      await eventually(async () => {
        expect([await containers(), await memories()]).toEqual([[], []]);
      }, 40_000);
      if (!killed) break;
    }
    expect(outcomes.length).toBeGreaterThan(5);
    expect(outcomes.length).toBeLessThan(MOST_STEPS);
    expect(outcomes.at(-1)).toBe('running');
    // In no line that Muster wrote, however much it was to write, and in no document.
    logs.push(muster.log);
    expect(logs.join('')).toContain('"level":"debug"');
    const documents: Uint8Array[] = [];
    for (const { name } of await database.db.listCollections().toArray()) {
      documents.push(...(await database.db.collection(name).find().toArray()).map((found) => BSON.serialize(found)));
    }
    const kept = Buffer.concat(documents);
    expect(kept.includes('secret.set')).toBe(true);
    for (const form of FORMS) {
      expect(logs.join('').includes(form)).toBe(false);
      expect(kept.includes(form)).toBe(false);
    }
  }, 900_000);
});
