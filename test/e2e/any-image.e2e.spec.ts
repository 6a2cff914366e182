import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { describeEngine, engine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { Before } from '../support/nothing-left.js';
import { postgresImage } from '../support/postgres-image.js';

const OFTEN = { intervalSeconds: 1, timeoutSeconds: 5, retries: 2 };

/** Nothing in these images knows of Muster. */
describeEngine('any image is an agent', () => {
  let app: TestApp;
  let before: Before;

  beforeAll(async () => {
    before = await Before.on();
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST });
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app);
    await app.stop();
  });

  const act = async (agent: TestAgent, action: string): Promise<Answer> =>
    app.call(`${agent.path}/actions`, { method: 'POST', body: { action }, headers: { prefer: 'wait=90' } });
  const lifecycleOf = async (agent: TestAgent): Promise<any> => (await app.call(`${agent.path}/lifecycle`)).body;
  const exec = async (agent: TestAgent, command: string[], stdin = ''): Promise<any> => {
    const body = { type: 'exec', command, stdin };
    return (await app.call(`${agent.path}/runs`, { method: 'POST', body })).body;
  };
  const containersOf = async ({ id }: TestAgent): Promise<string[]> =>
    (await engine.listContainers({ all: true, filters: { label: [`io.muster.instance=${id}`] } })).map(({ Id }) => Id);

  it('with a shell program that reads and writes: exec, logs, stats, files, prompts', async () => {
    const command = ['/bin/sh', '-c', 'echo up; while read line; do echo "got $line"; done; echo over'];
    const agent = await agentOf(app, { manifest: { type: 'cli', image: SMALL_IMAGE, command } });
    const { status, body } = await act(agent, 'start');
    expect([status, body.error, body.state]).toEqual([200, null, 'running']);
    const [replica] = body.replicas;
    expect(replica).toMatchObject({
      containerId: body.containerId,
      companionId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect((await engine.getContainer(body.containerId as string).inspect()).State.Pid).toBe(body.pid);
    expect((await app.call(`${agent.path}/logs`)).body.items).toMatchObject([{ text: 'up' }]);
    expect(await exec(agent, ['tr', 'a-z', 'A-Z'], 'said\n')).toMatchObject({ status: 'passed', stdout: 'SAID\n' });
    expect((await exec(agent, ['sh', '-c', 'echo kept > kept; cat /proc/1/cmdline'])).stdout).toContain('echo up');
    expect((await app.call(`${agent.path}/files/content?path=/workspace/kept`)).body).toBe('kept\n');
    expect((await app.call(`${agent.path}/stats`)).body).toMatchObject({ pids: expect.any(Number) });
    const run = await app.call(`${agent.path}/runs`, { method: 'POST', body: { type: 'prompt', input: 'Hi' } });
    expect(run.body).toMatchObject({ status: 'passed', output: 'echo: Hi' });
    expect(await containersOf(agent)).toHaveLength(2);
    expect((await act(agent, 'restart')).body).toMatchObject({ state: 'running', containerId: body.containerId });
    expect((await act(agent, 'disable')).body).toMatchObject({ state: 'disabled', replicas: [] });
    expect(await containersOf(agent)).toEqual([]);
  });

  it('with an HTTP server, whose health is asked for over its loopback', async () => {
    const serve = 'mkdir -p www && echo fine > www/ready && exec httpd -f -p 127.0.0.1:8080 -h www';
    const manifest = {
      type: 'service',
      image: SMALL_IMAGE,
      command: ['/bin/sh', '-c', `cd /workspace && ${serve}`],
      health: { kind: 'http', port: 8080, path: '/ready', ...OFTEN },
    };
    const agent = await agentOf(app, { manifest });
    expect(await act(agent, 'start')).toMatchObject({ status: 200, body: { state: 'running', error: null } });
    await exec(agent, ['rm', 'www/ready']);
    await eventually(async () => {
      expect((await lifecycleOf(agent)).healthCheck.detail).toBe("the answer's status is 404");
    });
    await act(agent, 'stop');
    for (const id of await containersOf(agent)) {
      expect((await engine.getContainer(id).inspect()).State.Status).toBe('exited');
    }
  });

  it.each([
    [
      'its companion ends',
      'COMPANION_EXITED',
      async (_main: string, companion: string) => engine.getContainer(companion).kill(),
    ],
    [
      'its companion is taken away',
      'COMPANION_EXITED',
      async (_main: string, companion: string) => engine.getContainer(companion).remove({ force: true }),
    ],
    ['it ends itself', 'CONTAINER_EXITED', async (main: string) => engine.getContainer(main).kill()],
    ['it is taken away', 'CONTAINER_EXITED', async (main: string) => engine.getContainer(main).remove({ force: true })],
  ])('and comes back whole when %s', async (_what, code, harm) => {
    const agent = await agentOf(app, {
      manifest: { image: SMALL_IMAGE, command: ['/bin/sh', '-c', 'exec sleep 3600'] },
    });
    const { containerId, replicas } = (await act(agent, 'start')).body;
    await harm(containerId as string, replicas[0].companionId as string);
    await eventually(async () => {
      const { transitions, state, error } = await lifecycleOf(agent);
      expect((transitions as { reason: string }[]).map(({ reason }) => reason)).toContain(code);
      expect([state, error]).toEqual(['running', null]);
    }, 40_000);
    expect(await containersOf(agent)).toHaveLength(2);
    expect(await exec(agent, ['true'])).toMatchObject({ status: 'passed' });
    await act(agent, 'destroy');
    expect(await containersOf(agent)).toEqual([]);
  });

  it('but not with a program that ends at once: that is told, and nothing is left running', async () => {
    const agent = await agentOf(app, { manifest: { image: SMALL_IMAGE, command: ['/bin/false'] } });
    expect(await act(agent, 'start')).toMatchObject({ status: 503, body: { code: 'CONTAINER_START_FAILED' } });
    await act(agent, 'stop');
    for (const id of await containersOf(agent)) {
      expect((await engine.getContainer(id).inspect()).State.Running).toBe(false);
    }
  });

  it('with PostgreSQL as the distribution packages it: health, psql, and data that stays', async () => {
    const manifest = {
      type: 'service',
      image: await postgresImage(),
      health: { kind: 'command', command: ['pg_isready', '-h', '127.0.0.1', '-U', 'postgres'], ...OFTEN },
      startTimeoutSeconds: 60,
      stopSignal: 'SIGINT',
      gracePeriodSeconds: 20,
    };
    const agent = await agentOf(app, { manifest });
    const started = await act(agent, 'start');
    expect([started.status, started.body.error]).toEqual([200, null]);
    const psql = async (sql: string): Promise<any> =>
      exec(agent, ['psql', '-h', '/tmp', '-U', 'postgres', '-qAtc', sql]);
    expect(await psql('create table notes (text text); insert into notes values ($$kept$$)')).toMatchObject({
      exitCode: 0,
    });
    expect((await act(agent, 'restart')).body.state).toBe('running');
    expect(await psql('select text from notes')).toMatchObject({ stdout: 'kept\n' });
    expect(await psql('select 1/0')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('division by zero'),
    });
    const { body } = await app.call(`${agent.path}/logs`);
    expect((body.items as { text: string }[]).map(({ text }) => text).join('\n')).toContain(
      'database system was shut down',
    );
  }, 180_000);

  it('with PostgreSQL whose password is a secret: who has it gets in, who has another does not', async () => {
    const manifest = {
      type: 'service',
      image: await postgresImage(),
      // As images of PostgreSQL know it: the password is in the file that POSTGRES_PASSWORD_FILE names.
      env: [{ name: 'POSTGRES_PASSWORD', secret: 'database/password' }],
      health: { kind: 'command', command: ['pg_isready', '-h', '127.0.0.1', '-U', 'postgres'], ...OFTEN },
      startTimeoutSeconds: 60,
      stopSignal: 'SIGINT',
      gracePeriodSeconds: 20,
    };
    const agent = await agentOf(app, { manifest });
    const value = "corr3ct h0rse' battery";
    const path = `/projects/${agent.projectId}/secrets/database%2Fpassword`;
    expect((await app.call(path, { method: 'PUT', body: { value } })).status).toBe(201);
    const started = await act(agent, 'start');
    expect([started.status, started.body.error]).toEqual([200, null]);
    const logIn = async (password: string): Promise<any> => {
      const command = ['psql', '-h', '127.0.0.1', '-U', 'postgres', '-wqAtc', 'select current_user'];
      const body = { type: 'exec', command, env: { PGPASSWORD: password } };
      return (await app.call(`${agent.path}/runs`, { method: 'POST', body })).body;
    };
    const isRefused = { exitCode: 2, stdout: '', stderr: expect.stringContaining('password authentication failed') };
    expect(await logIn(value)).toMatchObject({ exitCode: 0, stdout: 'postgres\n' });
    expect(await logIn('wrong')).toMatchObject(isRefused);
    expect((await act(agent, 'restart')).body.state).toBe('running');
    expect(await logIn(value)).toMatchObject({ exitCode: 0 });
    expect(await logIn('wrong')).toMatchObject(isRefused);
    const inspected = await Promise.all((await containersOf(agent)).map((id) => engine.getContainer(id).inspect()));
    expect(JSON.stringify(inspected)).toContain('POSTGRES_PASSWORD_FILE=/run/secrets/POSTGRES_PASSWORD');
    expect(JSON.stringify(inspected)).not.toContain(value);
    expect(JSON.stringify((await app.call(`${agent.path}/logs`)).body)).not.toContain(value);
  }, 180_000);
});
