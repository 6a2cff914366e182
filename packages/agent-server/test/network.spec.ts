import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { request } from 'node:http';
import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { AgentProcess } from './support/agent-process.js';
import { ensureBundle } from './support/bundle.js';

/** What Muster would say: the ports of each name. */
const NAMES: Readonly<Record<string, readonly number[]>> = {
  'allowed.test': [18_080],
  'two.test': [18_080, 18_081],
  'refused.test': [18_080],
};

/** The other end of an uplink. */
class FakeMuster {
  readonly asked: string[] = [];

  private constructor(readonly session: ServerHttp2Session) {
    session.on('error', () => undefined);
    session.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      const { ':method': method, ':path': path = '', ':authority': authority = '' } = headers;
      this.asked.push(method === 'CONNECT' ? authority : path);
      if (method === 'CONNECT') carry(stream, authority);
      else tell(stream, NAMES[path.replace('/v1/names/', '')]);
    });
  }

  static async on(agent: AgentProcess): Promise<FakeMuster> {
    const asking = request({
      createConnection: () => connect(agent.socket),
      path: '/v1/uplink',
      headers: { connection: 'Upgrade', upgrade: 'muster-uplink' },
    });
    asking.end();
    const [, stream, head] = (await once(asking, 'upgrade')) as [unknown, Duplex, Buffer];
    if (head.length > 0) stream.unshift(head);
    return new FakeMuster(performServerHandshake(stream));
  }
}

function tell(stream: ServerHttp2Stream, ports: readonly number[] | undefined): void {
  stream.respond({ ':status': ports === undefined ? 404 : 200 });
  stream.end(ports === undefined ? '' : JSON.stringify({ ports }));
}

function carry(stream: ServerHttp2Stream, authority: string): void {
  if (authority.startsWith('refused')) {
    stream.respond({ ':status': 403 }, { endStream: true });
    return;
  }
  stream.respond({ ':status': 200 });
  stream.write(`${authority}: `);
  stream.pipe(stream);
}

describe('the network of an agent', () => {
  let agent: AgentProcess;
  let resolver: Resolver;
  const musters: FakeMuster[] = [];

  beforeAll(async () => {
    await ensureBundle();
    const port = await freePort();
    agent = await AgentProcess.start({ environment: { MUSTER_NAMES: `127.0.0.1:${port}` } });
    resolver = new Resolver({ timeout: 5_000, tries: 4 });
    resolver.setServers([`127.0.0.1:${port}`]);
  });

  afterEach(() => {
    for (const { session } of musters.splice(0)) session.destroy();
  });

  afterAll(() => agent.end());

  const withMuster = async (): Promise<FakeMuster> => {
    const muster = await FakeMuster.on(agent);
    musters.push(muster);
    return muster;
  };
  const exchange = async (address: string, port: number, sent: string): Promise<string> => {
    const socket = connect({ host: address, port, allowHalfOpen: true });
    socket.end(sent);
    return text(socket);
  };
  const outcomeOf = async (socket: Socket): Promise<unknown> =>
    new Promise((resolve) => {
      socket.once('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code);
      });
      socket.once('end', () => {
        resolve('end');
      });
      socket.resume();
    });

  it('has an address of its own for each name that Muster knows, and no other name', async () => {
    await withMuster();
    const [one, two] = await Promise.all([resolver.resolve4('Allowed.test'), resolver.resolve4('two.test')]);
    expect([one, two].flat()).toEqual([expect.stringMatching(/^127\.64\./), expect.stringMatching(/^127\.64\./)]);
    expect(one).not.toEqual(two);
    expect(await resolver.resolve4('allowed.test')).toEqual(one);
    await expect(resolver.resolve4('unknown.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolver.resolve6('allowed.test')).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(resolver.resolve6('unknown.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('carries what is connected to them, both ways, each direction ending by itself', async () => {
    const muster = await withMuster();
    const [address = ''] = await resolver.resolve4('two.test');
    const sent = 'all of it, '.repeat(200_000);
    expect((await exchange(address, 18_080, sent)) === `two.test:18080: ${sent}`).toBe(true);
    expect(await exchange(address, 18_081, 'short')).toBe('two.test:18081: short');
    expect(muster.asked).toContain('two.test:18081');
  });

  it('resets what Muster refuses, and refuses what nobody offers', async () => {
    await withMuster();
    const [refused = ''] = await resolver.resolve4('refused.test');
    expect(await outcomeOf(connect(18_080, refused))).toBe('ECONNRESET');
    expect(await outcomeOf(connect(18_099, refused))).toBe('ECONNREFUSED');
  });

  it('waits for a Muster that is not there yet, and goes on with another when one is gone', async () => {
    const asking = resolver.resolve4('allowed.test');
    const first = await withMuster();
    const [address = ''] = await asking;
    const open = connect({ host: address, port: 18_080 });
    await once(open, 'data');
    const broken = outcomeOf(open);
    first.session.destroy();
    expect(await broken).toBe('ECONNRESET');
    const waiting = exchange(address, 18_080, 'late');
    await withMuster();
    expect(await waiting).toBe('allowed.test:18080: late');
  });

  it('answers no nonsense, and lives on', async () => {
    await withMuster();
    const [, port] = resolver.getServers()[0]!.split(':');
    const udp = createSocket('udp4');
    for (let length = 0; length < 64; length += 1) udp.send(Buffer.alloc(length, 0xff), Number(port), '127.0.0.1');
    const tcp = connect(Number(port), '127.0.0.1');
    tcp.write(Buffer.alloc(5000, 0xff));
    await once(tcp, 'close').catch(() => undefined);
    udp.close();
    expect(await resolver.resolve4('allowed.test')).toHaveLength(1);
    expect((await agent.call('GET', '/v1/health')).status).toBe(200);
  });
});

/** For datagrams and connections. */
async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
