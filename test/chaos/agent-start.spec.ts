import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import { join } from 'node:path';
import { DatabaseProxy } from '../support/database-proxy.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { SteppingEngineProxy } from '../support/stepping-engine-proxy.js';
import { eventually } from '../support/eventually.js';
import { MusterProcess } from '../support/muster-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const MOST_STEPS = 80;
/** What Muster asks the engine all the time: no step of a start. */
const CHATTER = /\/(_ping|version|info|events)/;

/**
 * Starts an agent while the process is killed at its k-th step, for every k: at a database command, before it arrives or
 * after it was carried out, and at an engine call. Whatever happens, after the restart the agent is what was asked for, in
 * one container, the one that the document names; and there is no other.
 */
describeEngine('an agent start, killed at every step', () => {
  let database: TestDatabase;
  let databaseProxy: DatabaseProxy;
  let engineProxy: SteppingEngineProxy;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let muster: MusterProcess;
  let template: string;
  let installation: string;

  beforeAll(async () => {
    database = await testDatabase();
    folder = await temporaryFolder();
    databaseProxy = await DatabaseProxy.start(database.uri);
    engineProxy = await SteppingEngineProxy.start(ENGINE_HOST, join(folder.path, 'engine.sock'));
    muster = await start();
    const created = await muster.call('POST', '/templates', {
      name: 'starter',
      role: 'developer',
      soul: 'I start.',
      systemPrompt: 'Start.',
      config: { provider: 'echo', model: 'none' },
    });
    template = created.body.id;
    installation = (await database.db.collection('installations').findOne({}))!['installationId'];
  });

  afterAll(async () => {
    await muster.kill();
    await databaseProxy.stop();
    await engineProxy.stop();
    for (const { Id } of await containers()) await engine.getContainer(Id).remove({ force: true });
    await database.drop();
    await folder.remove();
  });

  const start = (): Promise<MusterProcess> =>
    MusterProcess.start({
      mongoUri: databaseProxy.uri,
      dataDir: join(folder.path, 'data'),
      env: { RUNTIME: 'docker', DOCKER_HOST: engineProxy.host },
    });

  const containers = (instance?: string): Promise<Docker.ContainerInfo[]> =>
    engine.listContainers({
      all: true,
      filters: {
        label: [
          `io.muster.installation=${installation}`,
          ...(instance === undefined ? [] : [`io.muster.instance=${instance}`]),
        ],
      },
    });

  interface Agent {
    readonly projectId: string;
    readonly id: string;
    readonly path: string;
  }

  async function newAgent(name: string): Promise<Agent> {
    const project = await muster.call('POST', '/projects', {
      name,
      roleAssignments: [{ role: 'developer', templateId: template }],
    });
    const projectId = project.body.id as string;
    const id = project.body.roleAssignments[0].instanceId as string;
    return { projectId, id, path: `/projects/${projectId}/agents/${id}` };
  }

  /** Starts the agent, and kills Muster at step k of the kind. Resolves to whether it came to that many. */
  async function startKilledAt(step: number, kind: 'before' | 'after' | 'engine call', agent: Agent): Promise<boolean> {
    const kills: Promise<void>[] = [];
    let seen = 0;
    const count = (): 'pass' | 'cut' => {
      if (kills.length > 0) return 'cut';
      seen += 1;
      if (seen < step) return 'pass';
      kills.push(muster.kill());
      return 'cut';
    };
    if (kind === 'engine call') engineProxy.watcher = (call) => (CHATTER.test(call) ? 'pass' : count());
    else databaseProxy.watcher = (_command, moment) => (moment === kind ? count() : kills.length > 0 ? 'cut' : 'pass');

    await muster.call('POST', `${agent.path}/actions`, { action: 'start' }, { prefer: 'wait=30' }).catch(() => null);

    const killed = kills.length > 0;
    await Promise.all(kills);
    engineProxy.watcher = () => 'pass';
    databaseProxy.watcher = () => 'pass';
    if (killed) {
      databaseProxy.cutAll();
      engineProxy.cutAll();
      await leasesRunOut();
      muster = await start();
    }
    return killed;
  }

  /** A dead process keeps its leases until they run out; the test has no time to wait for that at every step. */
  const leasesRunOut = (): Promise<unknown> =>
    database.db
      .collection('agent_instances')
      .updateMany({ 'lifecycle.lease': { $ne: null } }, { $set: { 'lifecycle.lease.until': new Date(0) } });

  /** What was asked for is there, and nothing else. */
  async function check(agent: Agent): Promise<'running' | 'enabled'> {
    return eventually(async () => {
      const { body } = await muster.call('GET', agent.path);
      const found = await containers(agent.id);
      expect(body.lifecycle.state).toBe(body.lifecycle.desired.state);
      if (body.lifecycle.state === 'running') {
        expect(found.map(({ Id }) => Id)).toEqual([body.lifecycle.containerId]);
        expect(found[0]!.State).toBe('running');
        expect(body.pid).toBe((await engine.getContainer(found[0]!.Id).inspect()).State.Pid);
      } else {
        expect(found).toEqual([]);
      }
      return body.lifecycle.state as 'running' | 'enabled';
    }, 30_000);
  }

  it.each(['before', 'after', 'engine call'] as const)(
    'ends with what was asked for and one container, when killed (%s)',
    async (kind) => {
      const outcomes: string[] = [];
      for (let step = 1; step <= MOST_STEPS; step += 1) {
        const agent = await newAgent(`start ${kind} ${step}`);
        const killed = await startKilledAt(step, kind, agent);
        outcomes.push(await check(agent));
        await muster.call('DELETE', `/projects/${agent.projectId}`);
        if (!killed) break;
      }
      expect(outcomes.length).toBeGreaterThan(1);
      expect(outcomes.length).toBeLessThan(MOST_STEPS);
      expect(outcomes.at(-1)).toBe('running');
      await eventually(async () => {
        expect(await containers()).toEqual([]);
      }, 60_000);
    },
    600_000,
  );
});
