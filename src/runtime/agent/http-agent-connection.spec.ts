import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dialAgentSocket } from './agent-socket.js';
import { HttpAgentConnection } from './http-agent-connection.js';

const HEALTHY = '{"version":"1","configured":null}';
const ok = (body: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe('HttpAgentConnection with an agent that is hostile', () => {
  const cleanUps: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  });

  /** A connection to a server that answers each request as `answer` does. */
  async function connectionTo(answer: (socket: Socket) => void): Promise<HttpAgentConnection> {
    const folder = await mkdtemp(join(tmpdir(), 'muster-hostile-'));
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => {
        answer(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(join(folder, 'agent.sock'), resolve));
    const dial = (): Promise<Socket> => dialAgentSocket('hostile', folder);
    const connection = new HttpAgentConnection('hostile', 'unix', dial, await dial());
    cleanUps.push(async () => {
      connection.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    });
    return connection;
  }

  const prompt = (connection: HttpAgentConnection): Promise<unknown> =>
    connection.prompt({ runId: '66f2a1c09b1e8a4d3c5f7a10', input: 'hi' }, new AbortController().signal);

  it('does not wait for ever when the agent changes the protocol', async () => {
    const connection = await connectionTo((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\nrubbish');
    });

    await expect(connection.health()).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
    await expect(prompt(connection)).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
  });

  it('gives up at the first interim answer, of which there could be any number', async () => {
    const connection = await connectionTo((socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(3));
    });

    await expect(prompt(connection)).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
  });

  it('reads no health answer that is longer than one can be', async () => {
    const connection = await connectionTo((socket) => {
      socket.write(ok(HEALTHY.replace('}', `,"more":[${'[],'.repeat(50_000)}[]]}`)));
    });

    await expect(connection.health()).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
  });

  it('parses no answer to a run that holds more than values: building it would hold everybody up', async () => {
    const answer = `{"output":"hi","usage":{"inputTokens":1,"outputTokens":1},"more":[${'{},'.repeat(500_000)}{}]}`;
    const connection = await connectionTo((socket) => {
      socket.write(ok(answer));
    });

    await expect(prompt(connection)).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
  });

  it('takes a long text that is full of brackets', async () => {
    const output = '[{"\\'.repeat(100_000);
    const connection = await connectionTo((socket) => {
      socket.write(ok(JSON.stringify({ output, usage: { inputTokens: 1, outputTokens: 1 } })));
    });

    await expect(prompt(connection)).resolves.toMatchObject({ output });
  });

  it('takes the second of two answers to one request for nothing', async () => {
    const connection = await connectionTo((socket) => {
      socket.write(ok(HEALTHY) + ok('{"version":"forged","configured":null}'));
    });

    await expect(connection.health()).resolves.toEqual({ version: '1', configured: null });
  });
});
