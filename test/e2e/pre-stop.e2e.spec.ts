import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { chmod, mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { describeEngine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** The agent, and beside it a program that notes when it is told to end. A shell that waits takes signals at once. */
const NOTING = [
  '/bin/sh',
  '-c',
  'trap "echo told >> /out/$(hostname); exit 0" TERM; node /opt/muster/agent-server.mjs & while :; do wait; done',
];
const READY = { command: ['/bin/sh', '-c', 'echo ready >> "/out/$(hostname)"'] };

describeEngine('what an agent does before it is told to end', () => {
  let app: TestApp;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let notes: string;
  let count = 0;

  beforeAll(async () => {
    folder = await temporaryFolder();
    await chmod(folder.path, 0o755);
    app = await TestApp.start({
      RUNTIME: 'docker',
      DOCKER_HOST: ENGINE_HOST,
      HOST_MOUNT_ROOTS: JSON.stringify([folder.path]),
    });
  });

  beforeEach(async () => {
    notes = join(folder.path, `notes-${++count}`);
    await mkdir(notes);
    await chmod(notes, 0o777);
  });

  afterAll(async () => {
    await destroyAll(app);
    await app.stop();
    await folder.remove();
  });

  const agentThat = async (manifest: object): Promise<TestAgent> =>
    agentOf(app, {
      manifest: { command: NOTING, mounts: [{ source: notes, target: '/out', readOnly: false }], ...manifest },
    });

  const act = async (agent: TestAgent, action: string, more = {}): Promise<Answer> =>
    app.call(`${agent.path}/actions`, {
      method: 'POST',
      body: { action, ...more },
      headers: { prefer: 'wait=90' },
    });

  const start = async (agent: TestAgent): Promise<string> => {
    const { status, body } = await act(agent, 'start');
    expect([status, body.error]).toEqual([200, null]);
    return hostnameOf(body.containerId as string);
  };

  const hostnameOf = (containerId: string): string => containerId.slice(0, 12);

  /** What was noted, by container. */
  const noted = async (): Promise<Record<string, string>> => {
    const names = await readdir(notes);
    const texts = await Promise.all(names.map(async (name) => readFile(join(notes, name), 'utf8')));
    return Object.fromEntries(names.map((name, at) => [name, texts[at]!]));
  };

  const reasonsOf = ({ transitions }: any): string[] =>
    (transitions as { reason: string }[]).map(({ reason }) => reason);

  const lastEventOf = async ({ id }: TestAgent): Promise<any> => {
    const { body } = await app.call(`/audit/events?subject=${id}&type=lifecycle.transitioned&limit=200`);
    return (body.items as { data: unknown }[]).at(-1)?.data;
  };

  it.each(['stop', 'restart', 'disable', 'destroy'])('is done when it is to %s', async (action) => {
    const agent = await agentThat({ preStop: READY });
    const container = await start(agent);
    expect((await act(agent, action)).status).toBe(200);
    expect(await noted()).toEqual({ [container]: 'ready\ntold\n' });
  });

  it('is done by one that is paused, which goes on for it', async () => {
    const agent = await agentThat({ preStop: READY });
    const container = await start(agent);
    await act(agent, 'pause');
    expect((await act(agent, 'destroy')).body.state).toBe('removed');
    expect(await noted()).toEqual({ [container]: 'ready\ntold\n' });
  });

  it('is done by the copies that are scaled away, and by no other', async () => {
    const agent = await agentThat({ preStop: READY });
    await start(agent);
    const { body } = await act(agent, 'scale', { replicas: 3 });
    const [, ...others] = (body.replicas as { containerId: string }[]).map(({ containerId }) =>
      hostnameOf(containerId),
    );
    expect((await act(agent, 'scale', { replicas: 1 })).body.replicas).toHaveLength(1);
    expect(await noted()).toEqual(Object.fromEntries(others.map((name) => [name, 'ready\ntold\n'])));
  });

  it('is done when its time is over', async () => {
    const agent = await agentThat({ preStop: READY, ttlSeconds: 6 });
    const container = await start(agent);
    await eventually(async () => {
      expect((await app.call(agent.path)).status).toBe(404);
    }, 30_000);
    expect(await noted()).toEqual({ [container]: 'ready\ntold\n' });
  });

  it('is done by one whose health check fails while it runs', async () => {
    const health = { kind: 'command', command: ['test', '!', '-e', '/workspace/ill'], intervalSeconds: 1, retries: 1 };
    const agent = await agentThat({ preStop: READY, health });
    const container = await start(agent);
    const body = { type: 'exec', command: ['touch', 'ill'] };
    await app.call(`${agent.path}/runs`, { method: 'POST', body });
    await eventually(async () => {
      expect(reasonsOf((await app.call(`${agent.path}/lifecycle`)).body)).toContain('HEALTH_CHECK_FAILED');
    }, 30_000);
    expect(await noted()).toEqual({ [container]: 'ready\ntold\n' });
    await act(agent, 'destroy');
  });

  it('is done once: who was stopped is not asked again when it is destroyed', async () => {
    const agent = await agentThat({ preStop: READY });
    const container = await start(agent);
    await act(agent, 'stop');
    await act(agent, 'destroy');
    expect(await noted()).toEqual({ [container]: 'ready\ntold\n' });
  });

  it.each([
    ['fails', ['false']],
    ['hangs', ['sleep', '600']],
    ['is not there', ['/no/such']],
  ])('keeps nothing where it %s', async (_how, command) => {
    const agent = await agentThat({ preStop: { command, timeoutSeconds: 1 } });
    const container = await start(agent);
    const stopped = await act(agent, 'stop');
    expect([stopped.status, stopped.body.error]).toEqual([200, null]);
    expect(reasonsOf(stopped.body).at(-1)).toBe('pre-stop-failed');
    await act(agent, 'start');
    expect((await act(agent, 'destroy')).body.state).toBe('removed');
    expect((await app.call(agent.path)).status).toBe(404);
    await eventually(async () => {
      expect(await lastEventOf(agent)).toMatchObject({ to: 'removed', reason: 'pre-stop-failed' });
    });
    expect(await noted()).toEqual({ [container]: 'told\ntold\n' });
  });
});
