import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { AgentProcess } from './support/agent-process.js';
import { ensureBundle } from './support/bundle.js';

const HEAD_END = '\r\n\r\n';

let agent: AgentProcess;
const servers: Server[] = [];

beforeAll(async () => {
  await ensureBundle();
  agent = await AgentProcess.start();
});
afterAll(() => agent.end());
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, onConnection);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The socket once the head of the answer is read, and that head. */
async function tunnelTo(port: number | string, upgrade = 'muster-tunnel'): Promise<{ socket: Socket; head: string }> {
  const socket = connect({ path: agent.socket, allowHalfOpen: true });
  socket.write(
    `GET /v1/tunnels/${port} HTTP/1.1\r\nhost: agent\r\nconnection: upgrade\r\nupgrade: ${upgrade}${HEAD_END}`,
  );
  let head = '';
  while (!head.includes(HEAD_END)) {
    await once(socket, 'readable');
    for (let byte = socket.read(1) as Buffer | null; byte !== null; byte = socket.read(1) as Buffer | null) {
      head += byte.toString('latin1');
      if (head.endsWith(HEAD_END)) break;
    }
  }
  return { socket, head };
}

/** Not by iterating: that would close the other direction too. */
async function received(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  await once(socket, 'end');
  return Buffer.concat(pieces);
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('a tunnel', () => {
  it('carries bytes both ways, in any number, and each side ends by itself', async () => {
    const large = Buffer.alloc(8 * 1024 * 1024, 'abc');
    const port = await listening((socket) => {
      void received(socket).then((bytes) => socket.end(hashOf(bytes)));
    });
    const { socket, head } = await tunnelTo(port);
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    socket.end(large);
    expect((await received(socket)).toString()).toBe(hashOf(large));
  });

  it('lets the program speak first and end first', async () => {
    const port = await listening((socket) => {
      socket.end('hello');
      void received(socket).then((said) => (heard = said.toString()));
    });
    let heard = '';
    const { socket } = await tunnelTo(port);
    expect((await received(socket)).toString()).toBe('hello');
    socket.end('still here');
    await agent.until(() => Promise.resolve(heard === 'still here'));
  });

  it('makes who sends wait for who does not read', async () => {
    const port = await listening(() => undefined);
    const { socket } = await tunnelTo(port);
    let written = 0;
    const piece = Buffer.alloc(1024 * 1024);
    while (written < 256 && socket.write(piece)) written += 1;
    for (; written < 256; written += 1) {
      if (socket.writableLength > 16 * piece.length) break;
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(written).toBeLessThan(256);
    socket.destroy();
  });

  it('ends for the program when its user is gone', async () => {
    const closed = new Promise<void>((resolve) => {
      void listening((socket) => {
        socket
          .on('error', () => undefined)
          .on('close', () => {
            resolve();
          });
        socket.resume().on('end', () => socket.end());
      }).then(async (port) => (await tunnelTo(port)).socket.destroy());
    });
    await closed;
  });

  it.each([
    ['where nothing listens', async () => tunnelTo(await freePort()), 502],
    ['to no port', async () => tunnelTo(0), 404],
    ['to a port that is none', async () => tunnelTo(65_536), 404],
    ['to another machine', async () => tunnelTo('example.org:80'), 404],
    ['in another protocol', async () => tunnelTo(80, 'websocket'), 404],
  ])('is refused %s', async (_what, ask, status) => {
    const { socket, head } = await ask();
    socket.destroy();
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect((await agent.call('GET', '/v1/health')).status).toBe(200);
  });
});

async function freePort(): Promise<number> {
  const port = await listening(() => undefined);
  servers.pop()?.close();
  return port;
}
