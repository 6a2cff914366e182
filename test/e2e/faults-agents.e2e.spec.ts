import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { agentOf, type AgentWishes, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_BUNDLE, AGENT_IMAGE, describeEngine, engine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { Before } from '../support/nothing-left.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const shell = promisify(execFile);
const DOCKER = { RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST };

const act = async (app: TestApp, agent: TestAgent, action: string): Promise<Answer> =>
  app.call(`${agent.path}/actions`, { method: 'POST', body: { action } });
const lifecycleOf = async (app: TestApp, agent: TestAgent): Promise<any> =>
  (await app.call(`${agent.path}/lifecycle`)).body;
const prompt = async (app: TestApp, agent: TestAgent): Promise<any> =>
  (await app.call(`${agent.path}/runs`, { method: 'POST', body: { type: 'prompt', input: 'Hi' } })).body;
const containersOf = async ({ id }: TestAgent): Promise<string[]> =>
  (await engine.listContainers({ all: true, filters: { label: [`io.muster.instance=${id}`] } })).map(({ Id }) => Id);

describeEngine('a system prompt in a container', () => {
  let before: Before;
  let app: TestApp;

  beforeAll(async () => {
    before = await Before.on();
    app = await TestApp.start(DOCKER);
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app);
  });

  afterAll(async () => {
    await app.stop();
  });

  it.each([
    ['throws', '<% throw new Error("no") %>', ['PROMPT_RENDER_FAILED']],
    ['calls process.exit()', '<% process.exit(0) %>', ['PROMPT_RENDER_FAILED']],
    ['loops', '<% for (;;); %>', ['PROMPT_RENDER_TIMEOUT']],
    ['kills its process', '<% process.kill(process.pid, "SIGKILL") %>', ['PROMPT_RENDER_FAILED']],
    [
      'takes all memory',
      '<% const a = []; for (;;) a.push("x".repeat(1e6) + a.length); %>',
      ['PROMPT_RENDER_FAILED', 'PROMPT_RENDER_TIMEOUT'],
    ],
  ])('that %s fails its run, and nothing else', async (_, systemPrompt, codes) => {
    const agent = await agentOf(app, { systemPrompt, manifest: { resources: { memoryMiB: 256 } } });
    expect((await act(app, agent, 'start')).status).toBe(200);
    const { pid, containerId } = await lifecycleOf(app, agent);
    const run = await prompt(app, agent);
    expect(run).toMatchObject({ status: 'failed', output: null, error: { message: expect.any(String) } });
    expect(codes).toContain(run.error.code);
    expect(await lifecycleOf(app, agent)).toMatchObject({
      state: 'running',
      status: 'idle',
      pid,
      containerId,
      error: null,
    });
    expect((await app.call('//readyz')).status).toBe(200);
  });
});

/** Agents that put a link to a socket of the host where theirs should be. */
describeEngine('a symlink where agent.sock should be', () => {
  const image = `muster/test-linking:${process.pid}`;
  let before: Before;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let database: TestDatabase;
  let decoy: Server;
  let visits = 0;
  const apps: TestApp[] = [];

  /** Muster on the same data, as after a restart. */
  const dataDir = (): string => join(folder.path, 'data');
  const start = async (): Promise<TestApp> => {
    const app = await TestApp.start({ ...DOCKER, DATA_DIR: dataDir() }, database);
    apps.push(app);
    return app;
  };

  const stop = async (app: TestApp): Promise<void> => {
    apps.splice(apps.indexOf(app), 1);
    await app.stop();
  };

  beforeAll(async () => {
    before = await Before.on();
    folder = await temporaryFolder();
    database = await testDatabase();
    decoy = createServer(() => (visits += 1));
    await new Promise<void>((resolve) => decoy.listen(join(folder.path, 'decoy.sock'), resolve));
    const made = await engine.createContainer({ Image: SMALL_IMAGE, Cmd: ['true'] });
    const [repo, tag] = image.split(':') as [string, string];
    const link = `ln -s ${folder.path}/decoy.sock /run/muster/agent.sock; exec sleep 1000`;
    const changes = ['LABEL io.muster.agent-server=1', `CMD ["/bin/busybox","sh","-c","${link}"]`];
    await made.commit({ repo, tag, changes: changes.join('\n') });
    await made.remove();
  });

  afterAll(async () => {
    for (const app of apps) {
      await destroyAll(app);
      await before.expectNothingLeft({ database, dataDir: dataDir() });
      await app.stop();
    }
    await engine.getImage(image).remove({ force: true });
    await new Promise((resolve) => decoy.close(resolve));
    await database.drop();
    await folder.remove();
  });

  it('by the image fails the start, and is not followed', async () => {
    const app = await start();
    const agent = await agentOf(app, { manifest: { image } });
    const answer = await act(app, agent, 'start');
    expect(answer).toMatchObject({ status: 503, body: { code: 'AGENT_SOCKET_UNSAFE' } });
    expect(await lifecycleOf(app, agent)).toMatchObject({
      state: 'failed',
      status: 'error',
      pid: null,
      error: {
        code: 'AGENT_SOCKET_UNSAFE',
        message: expect.stringContaining('symbolic link'),
        recovery: expect.stringContaining('new container'),
      },
    });
    expect(visits).toBe(0);
    expect((await act(app, agent, 'destroy')).status).toBe(200);
    expect(await containersOf(agent)).toEqual([]);
    await stop(app);
  });

  it('by a running agent fails the runs of the next Muster, which does not follow it, and a restart heals it', async () => {
    const first = await start();
    const agent = await agentOf(first);
    const started = await act(first, agent, 'start');
    expect((await prompt(first, agent)).status).toBe('passed');
    const swap = `const fs = require('node:fs'); fs.unlinkSync('/run/muster/agent.sock');
      fs.symlinkSync('${folder.path}/decoy.sock', '/run/muster/agent.sock')`;
    const command = await engine
      .getContainer(started.body.containerId as string)
      .exec({ Cmd: ['node', '-e', swap], AttachStdout: true });
    const output = await command.start({});
    await new Promise((resolve) => output.resume().once('end', resolve));
    expect((await command.inspect()).ExitCode).toBe(0);
    await stop(first);

    const second = await start();
    const run = await prompt(second, agent);
    expect(run).toMatchObject({ status: 'failed', output: null, error: { code: 'AGENT_SOCKET_UNSAFE' } });
    expect(visits).toBe(0);
    const healed = await act(second, agent, 'restart');
    expect(healed).toMatchObject({ status: 200, body: { state: 'running', error: null } });
    expect((await prompt(second, agent)).status).toBe('passed');
    expect(visits).toBe(0);
  });
});

const cannotMount = process.getuid?.() === 0 ? null : 'SKIPPED, a full disk is mounted by root only';
if (cannotMount !== null) process.stderr.write(`\n${cannotMount}\n`);

describe.each([
  ['process', describe, { RUNTIME: 'process', AGENT_BUNDLE }],
  ['docker', describeEngine, DOCKER],
] as const)('a full disk for the workspace, on the %s runtime', (name, describeHere, env) => {
  (cannotMount === null ? describeHere : describe.skip)('tells', () => {
    let before: Before;
    let app: TestApp;
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let artifacts: string;

    beforeAll(async () => {
      before = await Before.on();
      folder = await temporaryFolder();
      artifacts = join(folder.path, 'artifacts');
      await mkdir(artifacts);
      // Room for the mount's own folder, and for nothing in it.
      await shell('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=1', 'tmpfs', artifacts]);
      app = await TestApp.start({ ...env, ARTIFACTS_DIR: artifacts });
    });

    afterAll(async () => {
      await destroyAll(app);
      await before.expectNothingLeft(app, { artifactsDir: artifacts });
    });

    afterAll(async () => {
      await app.stop();
      await shell('umount', [artifacts]);
      await folder.remove();
    });

    const start = async (wishes: AgentWishes = {}): Promise<{ agent: TestAgent; answer: Answer }> => {
      const agent = await agentOf(app, wishes);
      return { agent, answer: await act(app, agent, 'start') };
    };

    it('what is missing and what to do, leaves nothing half-made, and starts once there is room', async () => {
      const { agent, answer } = await start();
      expect(answer).toMatchObject({ status: 503, body: { code: 'WORKSPACE_UNAVAILABLE' } });
      expect(await lifecycleOf(app, agent)).toMatchObject({
        state: 'failed',
        status: 'error',
        pid: null,
        containerId: null,
        error: {
          code: 'WORKSPACE_UNAVAILABLE',
          message: expect.stringContaining('no space is left (ENOSPC)'),
          recovery: expect.stringContaining('Make room'),
        },
      });
      expect(await readdir(artifacts)).toEqual([]);
      if (name === 'docker') expect(await containersOf(agent)).toEqual([]);
      expect((await app.call(agent.path)).status).toBe(200);

      await shell('mount', ['-o', 'remount,size=4m,nr_inodes=100', artifacts]);
      expect(await act(app, agent, 'start')).toMatchObject({ status: 200, body: { state: 'running', error: null } });
      expect((await prompt(app, agent)).status).toBe('passed');
      expect((await act(app, agent, 'destroy')).status).toBe(200);
    });
  });
});

describeEngine('an image that is not there', () => {
  const image = `muster/test-later:${process.pid}`;
  let before: Before;
  let app: TestApp;

  beforeAll(async () => {
    before = await Before.on();
    app = await TestApp.start(DOCKER);
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app);
  });

  afterAll(async () => {
    await app.stop();
    await engine.getImage(image).remove();
  });

  it('is told with what to do, leaves nothing half-made, and is used once it is there', async () => {
    const agent = await agentOf(app, { manifest: { image } });
    const answer = await act(app, agent, 'start');
    expect(answer).toMatchObject({ status: 503, body: { code: 'IMAGE_NOT_FOUND' } });
    expect(await lifecycleOf(app, agent)).toMatchObject({
      state: 'failed',
      containerId: null,
      error: {
        code: 'IMAGE_NOT_FOUND',
        message: expect.stringContaining(image),
        recovery: expect.stringContaining('Build or pull'),
      },
    });
    expect(await containersOf(agent)).toEqual([]);
    const [repo, tag] = image.split(':') as [string, string];
    await engine.getImage(AGENT_IMAGE).tag({ repo, tag });
    expect(await act(app, agent, 'start')).toMatchObject({ status: 200, body: { state: 'running', error: null } });
  });
});
