import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { describeEngine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { postgresImage } from '../support/postgres-image.js';

const DOCKER = { RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST };
/** Says what it is sent, once it has all of it. */
const ECHO = ['/bin/sh', '-c', 'exec nc -ll -p 7000 -e /bin/sh -c "f=\\$(mktemp); cat > \\$f; cat \\$f"'];

interface Port {
  readonly containerPort: number;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly listening: boolean;
  readonly error: { readonly code: string } | null;
}

describeEngine('ports of agents', () => {
  let app: TestApp;
  const others: Server[] = [];

  beforeAll(async () => {
    app = await TestApp.start(DOCKER);
  });

  afterEach(() => {
    for (const server of others.splice(0)) server.close();
  });

  afterAll(async () => {
    await destroyAll(app);
    await app.stop();
  });

  const act = async (agent: TestAgent, action: string): Promise<Answer> =>
    app.call(`${agent.path}/actions`, { method: 'POST', body: { action }, headers: { prefer: 'wait=90' } });
  const portsOf = async (agent: TestAgent, by = app): Promise<readonly Port[]> =>
    (await by.call(`${agent.path}/lifecycle`)).body.ports;
  const listening = async (agent: TestAgent, by = app): Promise<Port> => {
    await eventually(async () => {
      expect((await portsOf(agent, by)).map((port) => port.listening)).toEqual([true]);
    }, 30_000);
    return (await portsOf(agent, by))[0]!;
  };
  const taken = async (): Promise<{ server: Server; port: number }> => {
    const server = createServer();
    others.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return { server, port: (server.address() as AddressInfo).port };
  };
  /** Everything the other side sends, when it has been sent this and an end. */
  const exchange = async (port: number, sent: Buffer): Promise<Buffer> => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.end(sent);
    await once(socket, 'end');
    return Buffer.concat(pieces);
  };
  const isRefused = async (port: number): Promise<boolean> => {
    const socket: Socket = connect(port, '127.0.0.1');
    const outcome = await Promise.race([once(socket, 'connect'), once(socket, 'error')]).catch(() => [null]);
    socket.destroy();
    return outcome.length > 0;
  };

  it('are reached from the host at a free port, bytes as they are, each direction ending by itself', async () => {
    const manifest = { image: SMALL_IMAGE, command: ECHO, ports: [{ containerPort: 7000 }] };
    const agent = await agentOf(app, { manifest });
    expect((await act(agent, 'start')).body).toMatchObject({ state: 'running', error: null });
    const { hostPort, hostIp } = await listening(agent);
    expect(hostIp).toBe('127.0.0.1');
    const sent = Buffer.alloc(3_000_000, 'all of it, ');
    const [one, other] = await Promise.all([exchange(hostPort, sent), exchange(hostPort, Buffer.from('another'))]);
    expect(one.equals(sent)).toBe(true);
    expect(other.toString()).toBe('another');
    await act(agent, 'stop');
    await eventually(async () => {
      expect(await isRefused(hostPort)).toBe(true);
      expect((await portsOf(agent))[0]).toMatchObject({ listening: false, hostPort });
    }, 20_000);
    await act(agent, 'start');
    expect((await listening(agent)).hostPort).toBe(hostPort);
  });

  it('of an agent that sleeps wake it', async () => {
    const manifest = {
      image: SMALL_IMAGE,
      command: ECHO,
      ports: [{ containerPort: 7000 }],
      health: { kind: 'tcp', port: 7000 },
      idleTimeoutSeconds: 3,
    };
    const agent = await agentOf(app, { manifest });
    await act(agent, 'start');
    const { hostPort } = await listening(agent);
    await eventually(async () => {
      expect((await app.call(`${agent.path}/lifecycle`)).body).toMatchObject({ asleep: true, state: 'stopped' });
    }, 30_000);
    expect((await exchange(hostPort, Buffer.from('wake up'))).toString()).toBe('wake up');
  });

  it('that are taken are told, keep nobody from running, and are taken when they are free', async () => {
    const { server, port } = await taken();
    const manifest = { image: SMALL_IMAGE, command: ECHO, ports: [{ containerPort: 7000, hostPort: port }] };
    const agent = await agentOf(app, { manifest });
    expect((await act(agent, 'start')).body).toMatchObject({ state: 'running', error: null });
    await eventually(async () => {
      const told = { code: 'PORT_TAKEN', recovery: expect.stringContaining('hostPort') };
      expect((await portsOf(agent))[0]).toMatchObject({ hostPort: port, listening: false, error: told });
    }, 20_000);
    server.close();
    await listening(agent);
    expect((await exchange(port, Buffer.from('free'))).toString()).toBe('free');
  });

  it.each([
    ['on every address', { containerPort: 7000, hostIp: '0.0.0.0' }, 'PORT_BIND_ADDRESSES'],
    ['below 1024', { containerPort: 7000, hostPort: 80 }, 'below 1024'],
  ])('are refused %s, where the operator has not allowed it', async (_where, port, why) => {
    const agent = await agentOf(app, { manifest: { image: SMALL_IMAGE, command: ECHO, ports: [port] } });
    const answer = await act(agent, 'start');
    expect([answer.status, answer.body.code]).toEqual([422, 'HOST_ACCESS_REFUSED']);
    expect(answer.body.detail).toContain(why);
  });

  it('of protocol udp are refused where the template is written', async () => {
    const body = { name: `udp-${Date.now()}`, manifest: { ports: [{ containerPort: 53, protocol: 'udp' }] } };
    const answer = await app.call('/templates', { method: 'POST', body });
    expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
    expect(JSON.stringify(answer.body.errors)).toContain('udp');
  });

  it('are listened on by one Muster of several, and by another when that one is gone', async () => {
    const second = await TestApp.start({ ...DOCKER, DATA_DIR: app.dataDir }, app.database);
    let isThere = true;
    try {
      const manifest = { image: SMALL_IMAGE, command: ECHO, ports: [{ containerPort: 7000 }] };
      const agent = await agentOf(second, { manifest });
      await act(agent, 'start');
      const { hostPort } = await listening(agent);
      expect((await exchange(hostPort, Buffer.from('one'))).toString()).toBe('one');
      isThere = false;
      await second.stop();
      await eventually(async () => {
        const now = await listening(agent);
        expect((await exchange(now.hostPort, Buffer.from('still'))).toString()).toBe('still');
      }, 40_000);
    } finally {
      if (isThere) await second.stop();
    }
  }, 120_000);

  it('of a PostgreSQL are spoken to in its protocol', async () => {
    const health = { kind: 'tcp', port: 5432 };
    const ports = [{ containerPort: 5432 }];
    const manifest = { type: 'service', image: await postgresImage(), health, ports, startTimeoutSeconds: 120 };
    const agent = await agentOf(app, { manifest });
    expect((await act(agent, 'start')).body).toMatchObject({ state: 'running', error: null });
    const { hostPort } = await listening(agent);
    const socket = connect(hostPort, '127.0.0.1');
    // SSLRequest: one letter says whether it can; then the first message in the clear.
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    expect(String((await once(socket, 'data'))[0])).toBe('N');
    const parameters = Buffer.from('user\0postgres\0\0');
    const head = Buffer.alloc(8);
    head.writeInt32BE(8 + parameters.length, 0);
    head.writeInt32BE(196_608, 4);
    socket.write(Buffer.concat([head, parameters]));
    // AuthenticationOk.
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.subarray(0, 9)).toEqual(Buffer.from([82, 0, 0, 0, 8, 0, 0, 0, 0]));
    socket.destroy();
  }, 240_000);
});
