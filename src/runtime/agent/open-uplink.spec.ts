import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Tunnel } from '../../domain/runtime/tunnel.js';
import type { Uplink, UplinkCall, UplinkHandler } from '../../domain/runtime/uplink.js';
import { openUplink } from './open-uplink.js';

/** An agent's side, and Muster's. */
describe('an uplink', () => {
  let folder: string;
  let server: Server;
  let agent: Socket;
  let uplink: Uplink;
  let session: ClientHttp2Session;
  let handle: (call: UplinkCall) => Promise<void>;
  let calls: UplinkCall[];
  const handler: UplinkHandler = {
    portsOf: async (name) => {
      if (name === 'broken') return Promise.reject(new TypeError('not now'));
      return Promise.resolve(name === 'known.test' ? [80, 443] : []);
    },
    carry: async (call) => {
      calls.push(call);
      await handle(call);
    },
  };

  beforeEach(async () => {
    calls = [];
    folder = mkdtempSync(join(tmpdir(), 'muster-uplink-'));
    const path = join(folder, 'agent.sock');
    server = createServer();
    const upgraded = new Promise<void>((resolve) => {
      server.on('upgrade', (_request, socket: Duplex) => {
        agent = socket as Socket;
        agent.on('error', () => undefined);
        agent.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: muster-uplink\r\n\r\n');
        session = connectHttp2('http://muster', { createConnection: () => agent });
        session.on('error', () => undefined);
        resolve();
      });
    });
    await once(server.listen(path), 'listening');
    const stream = connect(path);
    await once(stream, 'connect');
    uplink = await openUplink('c', stream, handler);
    await upgraded;
  });

  afterEach(async () => {
    uplink.close();
    agent.destroy();
    await uplink.closed;
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const ask = (authority: string): ClientHttp2Stream => {
    const stream = session.request({ ':method': 'CONNECT', ':authority': authority }, { endStream: false });
    stream.on('error', () => undefined);
    return stream;
  };
  const statusOf = async (stream: ClientHttp2Stream): Promise<unknown> => {
    const answered = once(stream, 'response').catch(() => []);
    const [headers] = (await answered) as [Record<string, unknown> | undefined];
    return headers?.[':status'] ?? 'reset';
  };
  const lookUp = async (name: string): Promise<[unknown, string]> => {
    const stream = session.request({ ':path': `/v1/names/${name}` });
    return Promise.all([statusOf(stream), text(stream)]);
  };
  const echo = async (call: UplinkCall): Promise<void> => {
    const tunnel = call.accept();
    for await (const piece of tunnel.output) await tunnel.write(piece);
    tunnel.end();
  };

  it('carries what is accepted, both ways, each direction ending by itself', async () => {
    handle = echo;
    const stream = ask('Allowed.TEST.:443');
    expect(await statusOf(stream)).toBe(200);
    expect(calls[0]?.destination).toEqual({ host: 'allowed.test', port: 443 });
    const sent = 'all of it, '.repeat(200_000);
    stream.end(sent);
    expect((await text(stream)) === sent).toBe(true);
    expect(calls[0]?.gone.aborted).toBe(false);
  });

  it.each([
    ['not-allowed', 403],
    ['no-address', 502],
    ['too-many', 429],
    ['timeout', 504],
    ['unavailable', 503],
  ] as const)('refuses what is %s with %i', async (why, status) => {
    handle = async (call) => {
      call.refuse(why);
      call.refuse(why);
      return Promise.resolve();
    };
    expect(await statusOf(ask('a.test:80'))).toBe(status);
  });

  it('tells the ports of names', async () => {
    expect(await lookUp('known.test')).toEqual([200, '{"ports":[80,443]}']);
    expect(await lookUp('unknown.test')).toEqual([404, '']);
    expect(await lookUp('broken')).toEqual([503, '']);
  });

  it.each([
    'a.test',
    'a.test:0',
    'a.test:65536',
    ':80',
    'a b:80',
    '[::1]:80',
    'http://a.test:80',
    `${'a'.repeat(260)}:80`,
  ])('knows no destination %s', async (authority) => {
    expect(['reset', 404]).toContain(await statusOf(ask(authority)));
    expect(calls).toEqual([]);
  });

  it.each([
    ['GET', '/v1/elsewhere'],
    ['POST', '/v1/names/known.test'],
    ['GET', '/v1/names/..%2f'],
  ])('knows no %s %s', async (method, path) => {
    expect(await statusOf(session.request({ ':method': method, ':path': path }))).toBe(404);
  });

  it('tells when the agent breaks off, or is gone', async () => {
    handle = async () => Promise.resolve();
    const stream = ask('a.test:80');
    const other = ask('b.test:80');
    await lookUp('known.test');
    expect(calls).toHaveLength(2);
    const [first, second] = calls as [UplinkCall, UplinkCall];
    const broken = once(first.gone, 'abort');
    stream.close(8);
    await broken;
    expect(second.gone.aborted).toBe(false);
    const gone = once(second.gone, 'abort');
    agent.destroy();
    await Promise.all([gone, uplink.closed]);
    expect(other.destroyed).toBe(true);
  });

  it('has no more than 128 connections at once', async () => {
    handle = async () => Promise.resolve();
    const streams = Array.from({ length: 200 }, (_, n) => ask(`a.test:${n + 1}`));
    while (calls.length < 128) await lookedAround();
    // What is asked for beyond waits on the agent's side, as does everything else.
    for (let round = 0; round < 20; round += 1) await lookedAround();
    expect(calls).toHaveLength(128);
    for (const call of calls.slice(0, 10)) call.refuse('not-allowed');
    while (calls.length < 138) await lookedAround();
    for (const stream of streams) stream.close();
  });

  it('makes who sends wait for an agent that does not read', async () => {
    let written = 0;
    const stuck = new Promise<Tunnel>((resolve) => {
      handle = async (call) => {
        const tunnel = call.accept();
        const piece = Buffer.alloc(64 * 1024);
        for (;;) {
          const writing = tunnel.write(piece);
          const stopped = await Promise.race([writing.then(() => false), lookedAround(200).then(() => true)]);
          if (stopped) {
            writing.catch(() => undefined);
            resolve(tunnel);
            return;
          }
          written += piece.length;
        }
      };
    });
    ask('a.test:80');
    (await stuck).close();
    expect(written).toBeLessThan(2 * 1024 * 1024);
  });

  it.each([
    ['garbage', Buffer.alloc(100_000, 0xff)],
    ['a frame that is too long', Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])],
    ['data for a stream that is none', Buffer.from([0, 0, 1, 0, 0, 0, 0, 0, 99, 1])],
    ['headers that cannot be unpacked', Buffer.from([0, 0, 3, 1, 4, 0, 0, 0, 101, 0xff, 0xff, 0xff])],
  ])('is closed by %s, with all that is on it', async (_what, bytes) => {
    handle = async () => Promise.resolve();
    const stream = ask('a.test:80');
    await lookUp('known.test');
    agent.write(bytes);
    await uplink.closed;
    expect(calls[0]?.gone.aborted).toBe(true);
    stream.destroy();
  });

  it('reads no head that is larger than a name and a port', async () => {
    handle = echo;
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`x-${n}`, 'y'.repeat(1000)]));
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'a.test:80', ...many }, { endStream: false });
    stream.on('error', () => undefined);
    expect(await statusOf(stream)).toBe('reset');
    expect(calls).toEqual([]);
  });

  it('is not opened with who does not know it', async () => {
    const path = join(folder, 'old.sock');
    const old = createServer((_request, response) => response.writeHead(404).end());
    old.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n'));
    await once(old.listen(path), 'listening');
    await expect(openUplink('c', connect(path), handler)).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
    await new Promise((resolve) => old.close(resolve));
  });

  /** Lets everything happen that is ready to. */
  async function lookedAround(rounds = 1): Promise<void> {
    for (let round = 0; round < rounds; round += 1) await new Promise((resolve) => setImmediate(resolve));
  }
});
