import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { agentOf, agentsOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_IMAGE, describeEngine, engine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { Before } from '../support/nothing-left.js';
import { TestNameServer } from '../support/test-name-server.js';

const TOKEN = 'tok-1f0d/9b+2e';
const ENV = [{ name: 'TOKEN', secret: 'registry/token' }];
const SERVE = 'exec node /opt/muster/agent-server.mjs';

describeEngine('hooks have what their agent has', () => {
  let before: Before;
  let app: TestApp;
  let registry: Server;
  let port: number;
  let names: TestNameServer;

  beforeAll(async () => {
    before = await Before.on();
    // Gives its package to who knows the token.
    registry = createServer(({ headers }, response) => {
      response.statusCode = headers.authorization === `Bearer ${TOKEN}` ? 200 : 401;
      response.end(response.statusCode === 200 ? 'the package' : 'no');
    });
    await once(registry.listen(0, '127.0.0.1'), 'listening');
    port = (registry.address() as AddressInfo).port;
    names = await TestNameServer.start({ 'registry.test': ['127.0.0.1'], 'other.test': ['127.0.0.1'] });
    app = await TestApp.start({
      RUNTIME: 'docker',
      DOCKER_HOST: ENGINE_HOST,
      AGENT_IMAGE,
      EGRESS_ALLOW: '["*"]',
      EGRESS_PRIVATE_NETWORKS: '["127.0.0.1/32"]',
      EGRESS_NAME_SERVERS: JSON.stringify([names.address]),
    });
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app);
  });

  afterAll(async () => {
    await app.stop();
    names.stop();
    registry.close();
  });

  const act = async (agent: TestAgent, action: string): Promise<Answer> =>
    app.call(`${agent.path}/actions`, { method: 'POST', body: { action }, headers: { prefer: 'wait=90' } });

  const giveToken = async ({ projectId }: TestAgent): Promise<void> => {
    const path = `/projects/${projectId}/secrets/registry%2Ftoken`;
    expect((await app.call(path, { method: 'PUT', body: { value: `${TOKEN}\n` } })).status).toBe(201);
  };

  const exec = async (agent: TestAgent, script: string): Promise<string> => {
    const body = { type: 'exec', command: ['/bin/sh', '-c', script] };
    const run = await app.call(`${agent.path}/runs`, { method: 'POST', body });
    expect(run.body).toMatchObject({ status: 'passed' });
    return run.body.stdout as string;
  };

  const containersOf = async ({ id }: TestAgent): Promise<string[]> =>
    (await engine.listContainers({ all: true, filters: { label: [`io.muster.instance=${id}`] } })).map(({ Id }) => Id);

  /** All that the database has, but for what is sealed. */
  const everythingOnRecord = async (): Promise<string> => {
    const { db } = app.database;
    const collections = (await db.collections()).filter(({ collectionName }) => collectionName !== 'secrets');
    return JSON.stringify(await Promise.all(collections.map(async (each) => each.find().toArray())));
  };

  /** Asks the registry, as installers do. */
  const download = (host: string): string =>
    `node -e "fetch('http://${host}:${port}/', { headers: { authorization: 'Bearer ' + require('fs').readFileSync(process.env.TOKEN_FILE, 'utf8').trim() } }).then((r) => r.text()).then(console.log, (e) => console.log(e.cause?.code ?? e.name))"`;

  const reaching = (): object => ({ mode: 'egress', allow: [`registry.test:${port}`] });

  it('a token in a file, and the hosts that are allowed: what they install is there, and the token nowhere', async () => {
    const look = [
      `${download('registry.test')} > node_modules/package`,
      `${download('other.test')} > node_modules/other`,
      'env > node_modules/env',
      'grep " /run/secrets " /proc/mounts > node_modules/mount',
      '(echo x > /run/secrets/x) 2> node_modules/refused || true',
      'ls -A /run/muster > node_modules/sockets',
    ].join(' && ');
    const agent = await agentOf(app, {
      manifest: { runMode: 'isolated', env: ENV, network: reaching(), hooks: { install: look } },
    });
    await giveToken(agent);
    const started = await act(agent, 'start');
    expect([started.status, started.body.error]).toEqual([200, null]);
    const found = async (name: string): Promise<string> => exec(agent, `cat /code/node_modules/${name}`);
    expect(await found('package')).toBe('the package\n');
    expect(await found('other')).toBe('ENOTFOUND\n');
    const env = await found('env');
    expect(env).toContain('TOKEN_FILE=/run/secrets/TOKEN');
    expect(env).not.toContain(TOKEN);
    expect(await found('mount')).toMatch(/^tmpfs \/run\/secrets tmpfs ro,/);
    expect(await found('refused')).toMatch(/read-only/i);
    // Muster's socket is its companion's.
    expect(await found('sockets')).toBe('');
    expect(await containersOf(agent)).toEqual([started.body.containerId]);
    expect(await everythingOnRecord()).not.toContain(TOKEN);
  }, 120_000);

  it('also in an image that knows nothing of Muster', async () => {
    const fetching = `wget -q -O /workspace/package --header "Authorization: Bearer $(cat "$TOKEN_FILE")" http://registry.test:${port}/`;
    const agent = await agentOf(app, {
      manifest: {
        image: SMALL_IMAGE,
        command: ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'],
        env: ENV,
        network: reaching(),
        hooks: { preinstall: fetching, postinstall: 'mv package installed' },
      },
    });
    await giveToken(agent);
    expect((await act(agent, 'start')).body).toMatchObject({ state: 'running', error: null });
    expect(await exec(agent, 'cat installed')).toBe('the package');
    expect(await containersOf(agent)).toHaveLength(2);
  }, 120_000);

  it('the other agents of the project, where it has their network', async () => {
    const serve = `require('http').createServer((q, s) => s.end('from a colleague')).listen(8080, '127.0.0.1')`;
    const [colleague, agent] = await agentsOf(app, {
      count: 2,
      manifest: {
        network: { mode: 'project', expose: [8080] },
        health: { kind: 'tcp', port: 8080 },
        command: ['/bin/sh', '-c', `node -e "${serve}" & ${SERVE}`],
        // Whoever comes first has nobody to ask.
        hooks: {
          install: `node -e "fetch('http://' + process.env.MUSTER_AGENT_NAME.replace(/2$/, '1') + ':8080/').then((r) => r.text()).then((t) => fs.writeFileSync('asked', t), () => undefined)"`,
        },
      },
    });
    expect((await act(colleague!, 'start')).body).toMatchObject({ state: 'running', error: null });
    expect((await act(agent!, 'start')).body).toMatchObject({ state: 'running', error: null });
    expect(await exec(agent!, 'cat asked')).toBe('from a colleague');
  }, 120_000);

  it('and what one that fails has written is shown without the token', async () => {
    const agent = await agentOf(app, {
      manifest: { env: ENV, hooks: { install: 'echo "refused: $(cat "$TOKEN_FILE")"; exit 3' } },
    });
    await giveToken(agent);
    const { body } = await act(agent, 'start');
    expect(body).toMatchObject({ code: 'DEPENDENCY_INSTALL_FAILED' });
    expect(body.detail).toContain('ended with exit code 3. Its last output: refused: [secret]');
    await act(agent, 'stop');
    expect(await containersOf(agent)).toEqual([]);
    expect(await everythingOnRecord()).not.toContain(TOKEN);
  }, 120_000);

  it('but do not start without a secret that their agent needs', async () => {
    const agent = await agentOf(app, { manifest: { env: ENV, hooks: { install: 'touch ran' } } });
    expect((await act(agent, 'start')).body).toMatchObject({ code: 'VARIABLE_MISSING' });
    await giveToken(agent);
    expect((await act(agent, 'start')).body).toMatchObject({ state: 'running', error: null });
    expect(await exec(agent, 'ls ran')).toBe('ran\n');
  }, 120_000);
});
