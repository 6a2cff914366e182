import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { AgentProcess } from './support/agent-process.js';
import { ensureBundle } from './support/bundle.js';

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

async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  servers.push(server);
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const probe = async (asked: object): Promise<unknown> =>
  (await agent.call('POST', '/v1/probes', { kind: 'tcp', path: null, timeoutMs: 5000, ...asked })).body;

const answering = (status: number): Server =>
  createHttpServer((request, response) => response.writeHead(status, { location: '/' }).end(request.url));

describe('a probe', () => {
  it('is passed by what listens, on either address', async () => {
    expect(await probe({ port: await listening(createServer()) })).toEqual({ result: 'ok', status: null });
    expect(await probe({ port: await listening(createServer(), '::1') })).toEqual({ result: 'ok', status: null });
  });

  it('says that nothing listens', async () => {
    const server = createServer();
    const port = await listening(server);
    server.close();
    expect(await probe({ port })).toEqual({ result: 'refused', status: null });
  });

  it.each([
    [200, 'ok'],
    [302, 'ok'],
    [404, 'status'],
    [503, 'status'],
  ])('by HTTP takes %d for %s', async (status, result) => {
    const port = await listening(answering(status));
    expect(await probe({ kind: 'http', port, path: '/health?x=1' })).toEqual({ result, status });
  });

  it.each([
    ['silent', (): Server => createServer(), { result: 'timeout', status: null }],
    [
      'no HTTP',
      (): Server => createServer((socket) => socket.on('error', () => undefined).end('hello\r\n')),
      { result: 'broken', status: null },
    ],
    [
      'interim answers for ever',
      (): Server =>
        createServer((socket) => socket.on('error', () => undefined).write('HTTP/1.1 102 Processing\r\n\r\n')),
      { result: 'timeout', status: null },
    ],
  ])('ends where what listens is %s', async (_what, server, expected) => {
    const port = await listening(server());
    expect(await probe({ kind: 'http', port, path: '/', timeoutMs: 300 })).toEqual(expected);
  });

  it('that cannot be made is refused, every fault told', async () => {
    const body = { kind: 'udp', port: 0, path: 'http://elsewhere/', timeoutMs: 0, host: 'elsewhere' };
    const { status, body: answer } = await agent.call('POST', '/v1/probes', body);
    expect([status, answer.code]).toEqual([422, 'VALIDATION_FAILED']);
    for (const field of ['/kind', '/port', '/path', '/timeoutMs', '/host is unknown']) {
      expect(answer.message).toContain(field);
    }
  });
});
