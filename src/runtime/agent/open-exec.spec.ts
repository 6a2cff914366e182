import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { ExecSession } from '../../domain/runtime/exec-session.js';
import { openExec } from './open-exec.js';

const PROGRAM = { command: ['/bin/sh', '-c', 'cat'], env: { A: 'b' } };

function frame(number: number, data: string | Buffer): Buffer {
  const bytes = Buffer.from(data);
  const header = Buffer.from([number, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

async function heard(session: ExecSession): Promise<string> {
  let said = '';
  for await (const { stream, data } of session.output) said += `${stream}:${Buffer.from(data).toString()} `;
  return said;
}

/** Muster's side of a program, and an agent that says what it likes. */
describe('a program that agent-server starts', () => {
  let folder: string;
  let path: string;
  let server: Server;
  let agent: Socket;
  let sockets: Socket[];
  let answer: string;
  let runs: boolean;
  let received: Buffer[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'muster-exec-'));
    path = join(folder, 'agent.sock');
    answer = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: muster-exec\r\n\r\n';
    runs = true;
    received = [];
    sockets = [];
    server = createServer();
    server.on('upgrade', (_request, socket: Duplex) => {
      agent = socket as Socket;
      sockets.push(agent);
      agent.on('error', () => undefined).on('data', (piece: Buffer) => received.push(piece));
      agent.write(answer);
    });
    await once(server.listen(path), 'listening');
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const open = async (): Promise<ExecSession> => {
    const stream = connect({ path, allowHalfOpen: true });
    await once(stream, 'connect');
    return openExec('c', stream, PROGRAM, () => Promise.resolve(runs));
  };

  it('is told what to run, has its input, and tells what it writes and how it ended', async () => {
    const session = await open();
    await session.write(Buffer.from('input'));
    session.endInput();
    await once(agent, 'end');
    const [length, rest] = [Buffer.concat(received).readUInt32BE(), Buffer.concat(received).subarray(4)];
    expect(JSON.parse(rest.subarray(0, length).toString())).toEqual(PROGRAM);
    expect(rest.subarray(length).toString()).toBe('input');
    // What it says after its end is not heard.
    agent.end(Buffer.concat([frame(1, 'out'), frame(2, 'err'), frame(3, '{"exitCode":7}'), frame(1, 'more')]));
    expect(await heard(session)).toBe('stdout:out stderr:err ');
    expect(await session.exitCode()).toBe(7);
    // It has ended, and has no terminal: nothing comes of these.
    await session.write(Buffer.from('more'));
    await session.resize({ columns: 1, rows: 1 });
  });

  it.each([
    ['with another protocol', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n'],
    ['with a refusal', 'HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n'],
    ['with garbage', 'no HTTP at all\r\n\r\n'],
  ])('is told nothing by who answers %s', async (_what, said) => {
    answer = said;
    await expect(open()).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
    expect(received).toEqual([]);
  });

  it('that was not started is refused, in few words', async () => {
    const session = await open();
    agent.end(frame(3, JSON.stringify({ failure: `no\u001b[31m${'!'.repeat(10_000)}` })));
    const failed = await heard(session).catch((error: unknown) => error as Error & { failure: string });
    expect(failed).toMatchObject({
      failure: 'refused',
      message: expect.stringMatching(/^In container c: no \[31m!{1000,}$/),
    });
    expect((failed as Error).message.length).toBeLessThan(2100);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half a frame', frame(1, 'whole').subarray(0, 10)],
    ['an end that is none', frame(3, '{"exitCode":"0"}')],
    ['an exit code that is none', frame(3, '{"exitCode":70000}')],
    ['an end that is no JSON', frame(3, '{')],
    ['a frame that is too long', Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1])],
  ])('of which %s was said ended with its container, or is lost', async (_what, bytes) => {
    const session = await open();
    runs = false;
    agent.end(bytes);
    expect(await heard(session)).toBe('');
    expect(await session.exitCode()).toBe(137);
    const other = await open();
    runs = true;
    agent.end(bytes);
    await expect(heard(other)).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
    expect(await other.exitCode()).toBeNull();
  });

  it('that nobody wants to hear of is let go of', async () => {
    const session = await open();
    const left = once(agent, 'end');
    const hearing = heard(session);
    session.close();
    await left;
    expect(await hearing).toBe('');
  });
});
