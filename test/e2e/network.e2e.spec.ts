import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ConnectionTally } from '../../src/modules/network/connection-tally.js';
import { agentOf, agentsOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_BUNDLE, AGENT_IMAGE, describeEngine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { runInside, saidInside, startInside } from '../support/inside-container.js';
import { TestNameServer } from '../support/test-name-server.js';

describeEngine('the network of agents', () => {
  let app: TestApp;
  let outside: Server;
  let port: number;
  let names: TestNameServer;
  let env: Record<string, string>;
  let otherKey: Promise<string> | undefined;

  beforeAll(async () => {
    outside = createServer((request, response) => response.end(`outside ${request.headers.host ?? ''}`));
    await once(outside.listen(0, '127.0.0.1'), 'listening');
    port = (outside.address() as AddressInfo).port;
    names = await TestNameServer.start({
      'allowed.test': ['127.0.0.1'],
      'one.wild.test': ['127.0.0.1'],
      'two.deep.wild.test': ['127.0.0.1'],
      'other.test': ['127.0.0.1'],
      'metadata.test': ['169.254.169.254'],
      'private.test': ['10.0.0.1'],
      'rebinding.test': ['127.0.0.1', '169.254.169.254'],
    });
    env = {
      RUNTIME: 'docker',
      DOCKER_HOST: ENGINE_HOST,
      AGENT_IMAGE,
      EGRESS_ALLOW: '["*"]',
      EGRESS_PRIVATE_NETWORKS: '["127.0.0.1/32"]',
      EGRESS_NAME_SERVERS: JSON.stringify([names.address]),
    };
    app = await TestApp.start(env);
  });

  afterAll(async () => {
    if (otherKey !== undefined) {
      const other = await asOtherTenant();
      for (const { id } of (await other.call('/projects')).body.items)
        await other.call(`/projects/${id}`, { method: 'DELETE' });
    }
    await destroyAll(app);
    await app.stop();
    names.stop();
    outside.close();
  });

  const act = async ({ path }: TestAgent, action: string, by = app): Promise<Answer> =>
    by.call(`${path}/actions`, { method: 'POST', body: { action }, headers: { prefer: 'wait=90' } });
  const containerOf = async ({ path }: TestAgent): Promise<string> =>
    (await app.call(`${path}/lifecycle`)).body.containerId as string;
  const started = async (agent: TestAgent): Promise<string> => {
    expect((await act(agent, 'start')).body).toMatchObject({ state: 'running', error: null });
    return containerOf(agent);
  };
  /** What Node's own fetch says in there: the body, or the error's code. */
  const fetchInside = async (container: string, url: string): Promise<string> =>
    saidInside(
      container,
      `fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(20000) }).then((r) => r.text()).then(console.log, (e) => console.log(e.cause?.code ?? e.name))`,
    );
  const nameOf = async ({ path }: TestAgent, by = app): Promise<string> => {
    const { identifier } = (await by.call(`${path}/lifecycle`)).body as { identifier: unknown };
    expect(typeof identifier).toBe('string');
    return String(identifier);
  };
  /** A server that says who it is, beside agent-server. */
  const serving = (mode: 'project'): object => ({
    type: 'service',
    network: { mode, expose: [8080] },
    health: { kind: 'tcp', port: 8080 },
    command: [
      '/bin/sh',
      '-c',
      "node -e \"require('http').createServer((q, s) => s.end('I am ' + process.env.MUSTER_AGENT_NAME)).listen(8080, '127.0.0.1')\" & exec node /opt/muster/agent-server.mjs",
    ],
  });
  /** Another agent in the same project. */
  const neighbourOf = async ({ projectId }: TestAgent, manifest: object): Promise<TestAgent> => {
    const added = await app.call('/templates', {
      method: 'POST',
      body: { name: `neighbour-${Date.now()}`, role: 'tester', manifest },
    });
    const seat = { role: 'tester', templateId: added.body.id };
    const assigned = await app.call(`/projects/${projectId}/role-assignments`, { method: 'POST', body: seat });
    const id = (assigned.body.roleAssignments as { role: string; instanceId: string }[]).find(
      ({ role }) => role === 'tester',
    )!.instanceId;
    return { projectId, id, path: `/projects/${projectId}/agents/${id}` };
  };
  /** What the event log has of an agent's connections. */
  const toldOf = async ({ id }: TestAgent): Promise<unknown[]> => {
    await app.app.get(ConnectionTally, { strict: false }).flush();
    const events = await app.database.db
      .collection('event_log')
      .find({ type: /^network\./, 'subject.id': id })
      .sort({ seq: 1 })
      .toArray();
    return events.map(({ type, data }) => ({ type, data }));
  };
  const asOtherTenant = async (): Promise<TestApp> => {
    otherKey ??= app
      .call('/tenants', { method: 'POST', body: { name: 'neighbours' } })
      .then(({ body }) => body.adminKey.key as string);
    const key = await otherKey;
    const call: TestApp['call'] = async (path, request) => app.call(path, { ...request, key });
    return Object.assign(Object.create(app) as TestApp, { call });
  };

  it('to hosts outside: those of the manifest, at their ports, and nothing else', async () => {
    const allow = [`allowed.test:${port}`, `*.wild.test:${port}`, `rebinding.test:${port}`];
    const agent = await agentOf(app, { manifest: { network: { mode: 'egress', allow } } });
    const container = await started(agent);
    expect(await fetchInside(container, `http://allowed.test:${port}/`)).toBe(`outside allowed.test:${port}`);
    expect(await fetchInside(container, `http://two.deep.wild.test:${port}/`)).toContain('outside two.deep');
    expect(await fetchInside(container, `http://other.test:${port}/`)).toBe('ENOTFOUND');
    expect(await fetchInside(container, `http://wild.test:${port}/`)).toBe('ENOTFOUND');
    expect(await fetchInside(container, `http://allowed.test:${port + 1}/`)).toBe('ECONNREFUSED');
    expect(names.asked).not.toContain('other.test');
    // Each connection asks anew, and goes where the answer of that moment leads, if it may.
    expect(await fetchInside(container, `http://rebinding.test:${port}/`)).toContain('outside rebinding');
    expect(await fetchInside(container, `http://rebinding.test:${port}/`)).toBe('ECONNRESET');
  });

  it('never to private addresses, to Muster itself or to its database, whatever name leads there', async () => {
    const api = new URL(app.url).port;
    const database = new URL(app.database.uri).port;
    const allow = [
      'metadata.test:80',
      'private.test:80',
      `allowed.test:${api}`,
      `allowed.test:${database}`,
      'nobody.test:80',
    ];
    const agent = await agentOf(app, { manifest: { network: { mode: 'egress', allow } } });
    const container = await started(agent);
    for (const host of allow)
      expect([host, await fetchInside(container, `http://${host}/`)]).toEqual([host, 'ECONNRESET']);
    const events = await toldOf(agent);
    expect(events).toContainEqual({
      type: 'network.refused',
      data: { instanceId: agent.id, reason: 'address-refused', count: 4 },
    });
    expect(events).toContainEqual({
      type: 'network.refused',
      data: { instanceId: agent.id, reason: 'no-address', count: 1 },
    });
  });

  it('and nothing else is reachable, whether an agent has a network or not', async () => {
    const api = new URL(app.url).port;
    const hosts = Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).flatMap(({ address, family }) => (family === 'IPv4' ? [address] : [])),
    );
    const database = new URL(app.database.uri).port;
    const manifest = { network: { mode: 'project', expose: [8080], allow: [`allowed.test:${port}`] } };
    const container = await started(await agentOf(app, { manifest }));
    const targets = [
      ...hosts.flatMap((host) => [`${host}:${api}`, `${host}:${database}`]),
      `127.0.0.1:${database}`,
      `127.0.0.1:${api}`,
      `127.0.0.1:${port}`,
      '169.254.169.254:80',
      '192.0.2.1:80',
    ];
    for (const target of targets) {
      expect([target, await fetchInside(container, `http://${target}/`)]).toEqual([
        target,
        expect.stringMatching(/^(ECONNREFUSED|ENETUNREACH|EHOSTUNREACH)$/),
      ]);
    }
  });

  it.each([
    ['has no network', {}],
    ['exposes nothing', { network: { mode: 'project' } }],
    ['is for hosts outside alone', { network: { mode: 'egress', allow: ['allowed.test:443'] } }],
  ])('not to an agent of the same project that %s', async (_what, bounds) => {
    const [caller] = await agentsOf(app, { manifest: serving('project') });
    const neighbour = await neighbourOf(caller!, { ...serving('project'), network: undefined, ...bounds });
    const container = await started(caller!);
    // It serves, for who is in there with it.
    expect(await fetchInside(await started(neighbour), 'http://127.0.0.1:8080/')).toContain('I am ');
    const name = await nameOf(neighbour);
    for (const host of [name, `${name}.internal`]) {
      const said = await fetchInside(container, `http://${host}:8080/`);
      expect([host, said]).toEqual([host, expect.stringMatching(/^(ENOTFOUND|ECONNREFUSED)$/)]);
    }
  });

  it('is told to the event log: how often, where to by digest, and why not', async () => {
    const allow = [`allowed.test:${port}`];
    const agent = await agentOf(app, { manifest: { network: { mode: 'egress', allow } } });
    const container = await started(agent);
    for (let n = 0; n < 3; n += 1) await fetchInside(container, `http://allowed.test:${port}/`);
    const destinationHash = createHash('sha256').update(`allowed.test:${port}`).digest('hex');
    expect(await toldOf(agent)).toEqual([
      { type: 'network.connected', data: { instanceId: agent.id, peerId: null, destinationHash, count: 3 } },
    ]);
    const { body } = await app.call('//metrics');
    expect(body).toMatch(/agent_manager_network_connections_total\{outcome="egress"\} [1-9]/);
    expect(body).toMatch(/agent_manager_network_connections\{to="egress"\} \d/);
  });

  it('of an image that knows nothing of Muster works with its own programs', async () => {
    const allow = [`allowed.test:${port}`];
    const manifest = { image: SMALL_IMAGE, command: ['sleep', 'infinity'], network: { mode: 'egress', allow } };
    const container = await started(await agentOf(app, { manifest }));
    const wget = await runInside(container, ['wget', '-q', '-O', '-', `http://allowed.test:${port}/`]);
    expect(wget).toEqual({ code: 0, said: `outside allowed.test:${port}` });
    expect((await runInside(container, ['nslookup', 'allowed.test'])).said).toMatch(/Address[^\n]*127\.64\.\d+\.\d+/);
    expect((await runInside(container, ['wget', '-q', '-O', '-', `http://other.test:${port}/`])).code).not.toBe(0);
  });

  it('to agents of the same project, by name and at the ports that they expose', async () => {
    const [caller, callee, silent] = (await agentsOf(app, { manifest: serving('project'), count: 3 })) as [
      TestAgent,
      TestAgent,
      TestAgent,
    ];
    const [stranger] = await agentsOf(app, { manifest: serving('project') });
    const foreign = await agentOf(await asOtherTenant(), { manifest: serving('project') });
    const container = await started(caller);
    for (const agent of [callee, stranger!]) await started(agent);
    const name = await nameOf(callee);
    expect(await fetchInside(container, `http://${name}:8080/`)).toBe(`I am ${name}`);
    expect(await fetchInside(container, `http://${name}.internal:8080/`)).toBe(`I am ${name}`);
    expect(await fetchInside(container, `http://${name}:8081/`)).toBe('ECONNREFUSED');
    // It exposes the port, and does not run.
    expect(await fetchInside(container, `http://${await nameOf(silent)}:8080/`)).toBe('ECONNRESET');
    for (const other of [await nameOf(stranger!), await nameOf(foreign, await asOtherTenant()), `allowed.test`]) {
      expect([other, await fetchInside(container, `http://${other}:8080/`)]).toEqual([other, 'ENOTFOUND']);
    }
    expect(await toldOf(caller)).toEqual([
      {
        type: 'network.connected',
        data: { instanceId: caller.id, peerId: callee.id, destinationHash: null, count: 2 },
      },
      { type: 'network.refused', data: { instanceId: caller.id, reason: 'peer-not-running', count: 1 } },
    ]);
    await act(callee, 'stop');
    expect(await fetchInside(container, `http://${name}:8080/`)).toBe('ECONNRESET');
  });

  it('to an agent that sleeps wakes it', async () => {
    const [caller] = await agentsOf(app, { manifest: serving('project') });
    const sleeper = await neighbourOf(caller!, { ...serving('project'), idleTimeoutSeconds: 2 });
    const container = await started(caller!);
    await started(sleeper);
    await eventually(async () => {
      expect((await app.call(`${sleeper.path}/lifecycle`)).body).toMatchObject({ asleep: true, state: 'stopped' });
    }, 30_000);
    const name = await nameOf(sleeper);
    expect(await fetchInside(container, `http://${name}:8080/`)).toBe(`I am ${name}`);
  });

  it('ends with the agent: what is open is closed, for the other side too', async () => {
    const sockets: Socket[] = [];
    const waiting = createTcpServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
    });
    await once(waiting.listen(0, '127.0.0.1'), 'listening');
    const { port: its } = waiting.address() as AddressInfo;
    const agent = await agentOf(app, { manifest: { network: { mode: 'egress', allow: [`allowed.test:${its}`] } } });
    const container = await started(agent);
    await startInside(container, [
      'node',
      '-e',
      `require('net').connect(${its}, 'allowed.test'); setInterval(() => {}, 1000)`,
    ]);
    await eventually(async () => {
      await Promise.resolve();
      expect(sockets).toHaveLength(1);
    });
    const closed = once(sockets[0]!.resume(), 'close');
    await act(agent, 'stop');
    await closed;
    waiting.close();
  });

  it('goes on by another Muster when the one that carried it is gone', async () => {
    const second = await TestApp.start({ ...env, DATA_DIR: app.dataDir }, app.database);
    let isThere = true;
    try {
      const allow = [`allowed.test:${port}`];
      const agent = await agentOf(second, { manifest: { network: { mode: 'egress', allow } } });
      const container = await started(agent);
      expect(await fetchInside(container, `http://allowed.test:${port}/`)).toContain('outside');
      isThere = false;
      await second.stop();
      await eventually(async () => {
        expect(await fetchInside(container, `http://allowed.test:${port}/`)).toContain('outside');
      }, 40_000);
    } finally {
      if (isThere) await second.stop();
    }
  }, 120_000);

  it('is asked for in vain by an agent-server that is none: nothing is reached that was not allowed', async () => {
    const [other] = await agentsOf(app, { manifest: serving('project') });
    await started(other!);
    const asked = [
      `other.test:${port}`,
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `${await nameOf(other!)}:8080`,
      '169.254.169.254:80',
      `allowed.test:${port + 1}`,
      'x',
      ':0',
      `${'a'.repeat(300)}:80`,
    ];
    const manifest = {
      network: { mode: 'project', expose: [1], allow: [`allowed.test:${port}`] },
      command: ['node', '-e', hostile(asked)],
    };
    const agent = await agentOf(app, { manifest });
    await started(agent);
    const log = async (): Promise<string> =>
      ((await app.call(`${agent.path}/logs`)).body.items as { text: string }[]).map(({ text }) => text).join('\n');
    await eventually(async () => {
      for (const target of asked)
        expect(await log()).toMatch(new RegExp(`^${target.slice(0, 100)}\\S* (403|404|reset)$`, 'm'));
      expect(await log()).toMatch(/^flood \d+ 429$/m);
    }, 30_000);
    expect((await app.call('//readyz')).status).toBe(200);
  });

  it.each([
    ['where the operator allows nothing', {}, 'this Muster has none'],
    ['beyond what the operator allows', { EGRESS_ALLOW: '["*.example.org:443"]' }, 'example.com:443, which'],
  ])('is refused at the start %s', async (_where, bounds, why) => {
    const strict = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, AGENT_IMAGE, ...bounds });
    try {
      const network = { mode: 'egress', allow: ['api.example.org:443', 'example.com:443'] };
      const answer = await act(await agentOf(strict, { manifest: { network } }), 'start', strict);
      expect([answer.status, answer.body.code]).toEqual([422, 'EGRESS_REFUSED']);
      expect(answer.body.detail).toContain(why);
    } finally {
      await destroyAll(strict);
      await strict.stop();
    }
  });
});

describe('the network of agents that are processes', () => {
  it('is refused at the start: nothing keeps them off the network of the host', async () => {
    const app = await TestApp.start({ AGENT_BUNDLE, EGRESS_ALLOW: '["*"]' });
    try {
      const agent = await agentOf(app, { manifest: { network: { mode: 'egress', allow: ['example.org:443'] } } });
      const answer = await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'start' } });
      expect([answer.status, answer.body.code]).toEqual([501, 'RUNTIME_UNSUPPORTED']);
    } finally {
      await destroyAll(app);
      await app.stop();
    }
  });
});

/** An agent-server that answers health, and asks for what it may not have, in its own way. */
function hostile(targets: readonly string[]): string {
  return `
    const http2 = require('node:http2');
    const server = require('node:http').createServer((request, response) => {
      if (request.method === 'PUT') return request.resume().on('end', () => { digest = JSON.parse(body).digest; response.writeHead(204).end(); }).on('data', (d) => body += d) && (body = '');
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ version: '1', configured: digest }));
    });
    let digest = null, body = '', done = false;
    server.on('upgrade', (request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\\r\\nconnection: upgrade\\r\\nupgrade: muster-uplink\\r\\n\\r\\n');
      const session = http2.connect('http://muster', { createConnection: () => socket });
      session.on('error', () => {});
      if (done) return;
      done = true;
      const ask = (authority) => new Promise((resolve) => {
        const stream = session.request({ ':method': 'CONNECT', ':authority': authority }, { endStream: false });
        stream.on('error', () => resolve('reset')).on('close', () => resolve('reset')).on('response', (h) => resolve(h[':status']));
      });
      (async () => {
        for (const target of ${JSON.stringify(targets)}) console.log(target.slice(0, 100), await ask(target));
        const answers = await Promise.all(Array.from({ length: 600 }, () => ask('other.test:1')));
        console.log('flood', answers.filter((s) => s === 429).length, 429);
        session.request({ ':path': '/v1/elsewhere' }).on('error', () => {});
        session.request({ ':method': 'POST', ':path': '/v1/names/x' }).on('error', () => {});
        socket.write(Buffer.alloc(100000, 0xff));
      })();
    });
    server.listen('/run/muster/agent.sock');
  `;
}
