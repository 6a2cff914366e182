import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AgentFilesCalls } from '../support/agent-files.js';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { Before } from '../support/nothing-left.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const shell = promisify(execFile);
const MIB = 1024 * 1024;

const cannotMount = process.getuid?.() === 0 ? null : 'SKIPPED, a full disk is mounted by root only';
if (cannotMount !== null) process.stderr.write(`\n${cannotMount}\n`);

(cannotMount === null ? describeEngine : describe.skip)('a disk that is full before a snapshot is whole', () => {
  let before: Before;
  let app: TestApp;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let disk: string;
  let agent: TestAgent;

  beforeAll(async () => {
    before = await Before.on();
    folder = await temporaryFolder();
    disk = join(folder.path, 'snapshots');
    await mkdir(disk);
    await shell('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, SNAPSHOTS_DIR: disk });
    agent = await agentOf(app);
    expect((await act('start')).status).toBe(200);
    const files = new AgentFilesCalls(app, agent);
    expect((await files.put('/workspace/large', randomBytes(2 * MIB).toString('hex'))).status).toBe(201);
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app, { snapshotsDir: disk });
  });

  afterAll(async () => {
    await app.stop();
    await shell('umount', [disk]);
    await folder.remove();
  });

  const act = (action: string): Promise<Answer> =>
    app.call(`${agent.path}/actions`, { method: 'POST', body: { action } });
  const take = (target: 'archive' | 'image'): Promise<Answer> =>
    app.call(`${agent.path}/snapshots`, { method: 'POST', body: { target } });
  /** The engine's containers and images of this agent, and Muster's own folders for containers. */
  const traces = async (): Promise<unknown[]> => {
    const filters = { label: [`io.muster.instance=${agent.id}`] };
    const containers = await engine.listContainers({ all: true, filters });
    const installation = await app.database.db.collection('installations').findOne({});
    const images = await engine.listImages({
      filters: { label: [`io.muster.installation=${installation!['installationId']}`] },
    });
    return [
      containers.map(({ Id }) => Id),
      images.map(({ Id }) => Id).sort(),
      (await readdir(join(app.dataDir, 'run'))).sort(),
      await readdir(join(app.dataDir, 'artifacts', agent.projectId, 'workspaces')),
    ];
  };

  it.each(['running', 'paused', 'stopped'] as const)(
    'ends it with a code, leaves nothing of it, and leaves an agent alone that is %s',
    async (state) => {
      if (state !== 'running') expect((await act(state === 'paused' ? 'pause' : 'stop')).status).toBe(200);
      const before = await traces();
      for (const target of state === 'running' ? (['archive', 'image'] as const) : (['archive'] as const)) {
        const answer = await take(target);
        expect(answer).toMatchObject({
          status: 503,
          body: { code: 'WORKSPACE_UNAVAILABLE', detail: expect.stringContaining('No space is left') },
        });
        const { items } = (await app.call(`${agent.path}/snapshots`)).body;
        expect(items[0]).toMatchObject({
          target,
          state: 'failed',
          archive: null,
          image: null,
          error: { code: 'WORKSPACE_UNAVAILABLE' },
        });
        await eventually(async () => {
          const { body } = await app.call(`${agent.path}/lifecycle`);
          expect([body.state, body.error]).toEqual([state, null]);
        });
        expect(await readdir(disk)).toEqual([]);
        expect(await traces()).toEqual(before);
      }
    },
  );

  it('is taken once there is room', async () => {
    await shell('mount', ['-o', 'remount,size=16m', disk]);
    const taken = await take('archive');
    expect([taken.status, taken.body]).toMatchObject([201, { state: 'ready', error: null }]);
    expect(taken.body.archive.bytes).toBeGreaterThan(4 * MIB);
    expect(await readdir(disk)).toEqual([`${taken.body.id as string}.tar`]);
  });
});
