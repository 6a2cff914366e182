import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import { createInterface } from 'node:readline';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { MusterProcess } from '../support/muster-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const AGENTS = 9;

interface Shown {
  readonly lifecycle: { readonly state: string; readonly containerId: string | null };
}

/**
 * Three Muster processes on one database and one engine. Each is asked for something else about the same agents, and one is killed in
 * the middle: every agent is worked on by one of them at a time, so the engine sees no container made, started or stopped twice.
 */
describeEngine('three Musters on one database and one engine', () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let musters: MusterProcess[] = [];
  let installation: string;
  let paths: string[] = [];
  /** What the engine tells of their containers, in order: `create`, `start`, `die`, `destroy`. */
  const seen: string[] = [];
  let events: NodeJS.ReadableStream & { destroy(): void };

  beforeAll(async () => {
    database = await testDatabase();
    folder = await temporaryFolder();
    const start = (): Promise<MusterProcess> =>
      MusterProcess.start({
        mongoUri: database.uri,
        dataDir: folder.path,
        env: { RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST },
      });
    // The first one makes the installation, its folder and its keys.
    musters = [await start()];
    musters.push(...(await Promise.all([start(), start()])));
    installation = (await database.db.collection('installations').findOne({}))!['installationId'];
    const filters = { label: [`io.muster.installation=${installation}`], type: ['container'] };
    events = (await engine.getEvents({ filters: JSON.stringify(filters) })) as typeof events;
    createInterface({ input: events }).on('line', (line) => {
      seen.push((JSON.parse(line) as { Action: string }).Action);
    });
    const { body: template } = await musters[0]!.call('POST', '/templates', {
      name: 'shared',
      role: 'developer',
      config: { provider: 'echo', model: 'none' },
    });
    const { body: project } = await musters[1]!.call('POST', '/projects', {
      name: 'shared',
      roleAssignments: Array.from({ length: AGENTS }, () => ({ role: 'developer', templateId: template.id })),
    });
    paths = (project.roleAssignments as { instanceId: string }[]).map(
      ({ instanceId }) => `/projects/${project.id}/agents/${instanceId}`,
    );
  }, 120_000);

  afterAll(async () => {
    events.destroy();
    await Promise.all(musters.map((muster) => muster.kill()));
    for (const { Id } of await containers()) await engine.getContainer(Id).remove({ force: true });
    await database.drop();
    await folder.remove();
  });

  const containers = (): Promise<Docker.ContainerInfo[]> =>
    engine.listContainers({ all: true, filters: { label: [`io.muster.installation=${installation}`] } });
  const times = (action: string): number => seen.filter((one) => one === action).length;
  const alive = (): MusterProcess[] => musters.filter(({ running }) => running);

  /** Asks one after another of those that are alive, all at once. */
  async function everywhere(action: string): Promise<number[]> {
    const asked = alive();
    const answers = await Promise.all(
      paths.map((path, index) =>
        asked[index % asked.length]!.call('POST', `${path}/actions`, { action }, { prefer: 'wait=60' }).catch(
          () => null,
        ),
      ),
    );
    return answers.map((answer) => answer?.status ?? 0);
  }

  const states = async (): Promise<string[]> => {
    const shown = await Promise.all(paths.map((path) => alive()[0]!.call('GET', path)));
    return shown.map(({ body }) => (body as Shown).lifecycle.state);
  };

  it('starts each agent once, whoever is asked', async () => {
    expect(await everywhere('start')).toEqual(Array<number>(AGENTS).fill(200));
    await eventually(() => {
      expect([times('create'), times('start'), times('die')]).toEqual([AGENTS, AGENTS, 0]);
      return Promise.resolve();
    });
    expect(await containers()).toHaveLength(AGENTS);
  });

  it('stops each once, though all three are told to at the same time', async () => {
    // The same stop, asked of three: one is done, the others find it done or are replaced by it.
    const answers = await Promise.all(
      musters.flatMap((muster) =>
        paths.map((path) => muster.call('POST', `${path}/actions`, { action: 'stop' }, { prefer: 'wait=60' })),
      ),
    );
    for (const { status } of answers) expect([200, 409]).toContain(status);
    expect(await states()).toEqual(Array<string>(AGENTS).fill('stopped'));
    expect([times('create'), times('start'), times('die')]).toEqual([AGENTS, AGENTS, AGENTS]);
  });

  it('goes on when one is killed in the middle, and makes nothing twice', async () => {
    const starting = everywhere('start');
    await eventually(() => {
      expect(times('start')).toBeGreaterThan(AGENTS);
      return Promise.resolve();
    });
    await musters[2]!.kill();
    await starting;
    // What the dead one had in hand is free once its leases have run out.
    await eventually(async () => {
      expect(await states()).toEqual(Array<string>(AGENTS).fill('running'));
    }, 60_000);
    expect(await containers()).toHaveLength(AGENTS);
    expect([times('create'), times('die')]).toEqual([AGENTS, AGENTS]);
    expect(times('start')).toBe(2 * AGENTS);
  });

  it('destroys each once', async () => {
    expect(await everywhere('destroy')).toEqual(Array<number>(AGENTS).fill(200));
    expect(await containers()).toEqual([]);
    await eventually(() => {
      expect(times('destroy')).toBe(AGENTS);
      return Promise.resolve();
    });
  });
});
