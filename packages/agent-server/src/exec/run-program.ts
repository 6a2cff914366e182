import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ExecEnd, ExecRequest } from '../protocol.js';
import { discard, type Pipes } from './pipes.js';

const STDOUT = 1;
const STDERR = 2;
const END = 3;
const HEADER_BYTES = 8;
const SIGNALLED = 128;

/**
 * Runs a program in a session of its own: the connection's bytes are its input, frames its output, the last frame how it ended. Who
 * does not read makes it wait. A connection that breaks ends its input and output, and not the program.
 */
export async function runProgram(client: Duplex, pipes: Pipes, request: ExecRequest | null): Promise<void> {
  const { stdin, stdout, stderr } = pipes;
  client.once('close', () => {
    for (const socket of [stdin, stdout, stderr]) socket.destroy();
  });
  if (request === null || client.destroyed) {
    discard(pipes);
    finish(client, { failure: 'The request cannot be understood.' });
    return;
  }
  const ended = start(request, pipes);
  // The program has its own by now. Kept here they would never end.
  for (const fd of pipes.theirs) closeSync(fd);
  client.pipe(stdin);
  // It reads no more: what else comes for it is dropped.
  stdin.once('close', () => client.unpipe(stdin).resume());
  const [end] = await Promise.all([ended, carry(stdout, STDOUT, client), carry(stderr, STDERR, client)]);
  stdin.destroy();
  finish(client, end);
}

async function start({ command, env }: ExecRequest, { theirs }: Pipes): Promise<ExecEnd> {
  const [file = '', ...args] = command;
  try {
    const program = spawn(file, args, { env: { ...process.env, ...env }, stdio: [...theirs], detached: true });
    const [code, signal] = (await once(program, 'exit')) as [number | null, NodeJS.Signals | null];
    return { exitCode: code ?? SIGNALLED + (signal === null ? 0 : constants.signals[signal]) };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    return { failure: `The program cannot be started (${reason}).` };
  }
}

/** Sends what a program writes, until nobody can write there any more. */
function carry(output: Socket, stream: number, client: Duplex): Promise<void> {
  output.on('data', (piece: Buffer) => {
    if (client.destroyed || client.write(frame(stream, piece))) return;
    output.pause();
    client.once('drain', () => output.resume());
  });
  return new Promise((resolve) => {
    output.once('close', resolve);
  });
}

function finish(client: Duplex, end: ExecEnd): void {
  if (!client.destroyed) client.end(frame(END, Buffer.from(JSON.stringify(end))));
}

/** As engines send what a container writes: the stream's number, three zeroes, a length of four bytes, the data. */
function frame(stream: number, data: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = stream;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}
