import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { EngineOnDisk } from '../support/engine-on-disk.js';
import { describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { Before } from '../support/nothing-left.js';
import { cannotMount, SmallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const hasDockerd = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin'].some((folder) =>
  existsSync(join(folder, 'dockerd')),
);
if (cannotMount !== null) process.stderr.write(`\n${cannotMount}\n`);
if (!hasDockerd) process.stderr.write('\nSKIPPED, a full disk of an engine needs a dockerd of its own\n');
const describeDisk = cannotMount === null ? describeEngine : describe.skip;

const act = async (app: TestApp, { path }: TestAgent, action: string): Promise<Answer> =>
  app.call(`${path}/actions`, { method: 'POST', body: { action }, headers: { prefer: 'wait=60' } });
const lifecycleOf = async (app: TestApp, { path }: TestAgent): Promise<any> =>
  (await app.call(`${path}/lifecycle`)).body;
const prompt = async (app: TestApp, { path }: TestAgent): Promise<any> =>
  (await app.call(`${path}/runs`, { method: 'POST', body: { type: 'prompt', input: 'Hi' } })).body;
const runsByItself = async (app: TestApp, agent: TestAgent): Promise<void> => {
  await eventually(async () => {
    expect(await lifecycleOf(app, agent)).toMatchObject({ state: 'running', status: 'idle', error: null });
  }, 45_000);
  expect(await prompt(app, agent)).toMatchObject({ status: 'passed' });
};

describeDisk("a full disk under Muster's data folder", () => {
  let before: Before;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let disk: SmallDisk;
  let app: TestApp;

  beforeAll(async () => {
    before = await Before.on();
    folder = await temporaryFolder();
    disk = await SmallDisk.mount(join(folder.path, 'data'), '16m');
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, DATA_DIR: disk.path });
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft({ database: app.database, dataDir: disk.path });
  });

  afterAll(async () => {
    await app.stop();
    await disk.unmount();
    await folder.remove();
  });

  // The first one also shows how agents are reached, for which Muster makes a folder too.
  it.each(['first', 'second'])('keeps the %s agent from starting, says so, and no longer than it is full', async () => {
    await disk.fill();
    const agent = await agentOf(app);
    expect(await act(app, agent, 'start')).toMatchObject({ status: 503, body: { code: 'WORKSPACE_UNAVAILABLE' } });
    expect(await lifecycleOf(app, agent)).toMatchObject({
      state: 'failed',
      status: 'error',
      pid: null,
      containerId: null,
      error: {
        code: 'WORKSPACE_UNAVAILABLE',
        message: expect.stringMatching(/no space is left/i),
        recovery: expect.stringContaining('Make room'),
      },
    });
    const filters = { label: [`io.muster.instance=${agent.id}`] };
    expect(await engine.listContainers({ all: true, filters })).toEqual([]);
    expect((await app.call('//readyz')).status).toBe(200);
    await disk.makeRoom();
    await runsByItself(app, agent);
    expect((await act(app, agent, 'destroy')).status).toBe(200);
  });

  it('leaves an agent at work that runs, which can be stopped, started and destroyed', async () => {
    const agent = await agentOf(app);
    expect((await act(app, agent, 'start')).status).toBe(200);
    await disk.fill();
    expect(await prompt(app, agent)).toMatchObject({ status: 'passed' });
    expect(await act(app, agent, 'stop')).toMatchObject({ status: 200, body: { state: 'stopped', error: null } });
    expect((await act(app, agent, 'destroy')).status).toBe(200);
    await disk.makeRoom();
    expect(await readdir(join(disk.path, 'run'))).toEqual([]);
  });
});

(hasDockerd ? describeDisk : describe.skip)('a full disk of the engine', () => {
  let own: EngineOnDisk;
  let before: Before;
  let app: TestApp;

  beforeAll(async () => {
    own = await EngineOnDisk.start();
    before = await Before.on(own.docker);
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: own.host });
  }, 120_000);

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app);
  });

  afterAll(async () => {
    await app.stop();
    await own.stop();
  });

  const FULL = { code: 'ENGINE_DISK_FULL', message: expect.stringContaining('no space is left on its disk') };
  const containersOf = async ({ id }: TestAgent): Promise<string[]> => {
    const filters = { label: [`io.muster.instance=${id}`] };
    return (await own.docker.listContainers({ all: true, filters })).map(({ Id }) => Id);
  };

  it('fails what has to be made or started, says so, and no longer than it is full', async () => {
    const [running, agent] = [await agentOf(app), await agentOf(app)];
    expect((await act(app, running, 'start')).status).toBe(200);
    await own.disk.fill();
    for (const [each, action] of [
      [agent, 'start'],
      [running, 'restart'],
    ] as const) {
      expect(await act(app, each, action)).toMatchObject({ status: 503, body: { code: 'ENGINE_DISK_FULL' } });
      const error = { ...FULL, recovery: expect.stringContaining('docker system df') };
      expect(await lifecycleOf(app, each)).toMatchObject({ state: 'failed', status: 'error', pid: null, error });
    }
    expect(await containersOf(agent)).toEqual([]);
    expect((await containersOf(running)).length).toBeLessThanOrEqual(1);
    await own.disk.makeRoom();
    for (const each of [agent, running]) {
      await runsByItself(app, each);
      expect(await containersOf(each)).toHaveLength(1);
    }
  });

  it('leaves an agent at work that runs, and fails its snapshot as an image, with nothing of it kept', async () => {
    const agent = await agentOf(app);
    expect((await act(app, agent, 'start')).status).toBe(200);
    await own.disk.fill();
    const take = async (): Promise<Answer> =>
      app.call(`${agent.path}/snapshots`, {
        method: 'POST',
        body: { target: 'image' },
        headers: { prefer: 'wait=60' },
      });
    expect(await take()).toMatchObject({ status: 503, body: { code: 'ENGINE_DISK_FULL' } });
    const { items } = (await app.call(`${agent.path}/snapshots`)).body;
    expect(items).toMatchObject([{ state: 'failed', image: null, archive: null, error: FULL }]);
    expect(await readdir(join(app.dataDir, 'snapshots')).catch(() => [])).toEqual([]);
    expect(await prompt(app, agent)).toMatchObject({ status: 'passed' });
    expect(await lifecycleOf(app, agent)).toMatchObject({ state: 'running', error: null });
    await own.disk.makeRoom();
    expect((await take()).status).toBe(201);
  });

  it('lets go of what is destroyed while it lasts', async () => {
    const agent = await agentOf(app);
    expect((await act(app, agent, 'start')).status).toBe(200);
    await own.disk.fill();
    expect((await act(app, agent, 'destroy')).status).toBe(200);
    expect(await containersOf(agent)).toEqual([]);
    await own.disk.makeRoom();
  });
});
