import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
/** The shell has numbers of one digit for its files, from 3 on: two programs' worth. */
const FIRST_FD = 3;
const PIPES_EACH = 3;
export const MOST_AT_ONCE = 2;

/** What a program reads and writes: the program's own ends, and ours. */
export interface Pipes {
  /** File descriptors for the program: stdin, stdout, stderr. */
  readonly theirs: readonly [number, number, number];
  readonly stdin: Socket;
  readonly stdout: Socket;
  readonly stderr: Socket;
}

/**
 * Pipes for so many programs, MOST_AT_ONCE at most. Node gives a program sockets, which cannot be opened anew by name: `> /dev/stderr`
 * fails on them. It can make no pipes; a shell can, for each text that it is to read from itself, and they are opened
 * from there. Named ones would not do: who opens one of these waits for its other end, which may have ended.
 * @throws Error when there is no shell, or it makes something else
 */
export async function makePipes(programs: number): Promise<Pipes[]> {
  const numbers = Array.from({ length: programs * PIPES_EACH }, (_, n) => FIRST_FD + n);
  const script = `exec ${numbers.map((n) => `${n}<<E${n}`).join(' ')}
${numbers.map((n) => `E${n}`).join('\n')}
echo ready
read -r done`;
  const made: Pipes[] = [];
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    await Promise.race([
      once(shell.stdout, 'data'),
      once(shell, 'exit').then(() => Promise.reject(new Error('the shell made no pipes'))),
    ]);
    const at = (n: number): string => `/proc/${shell.pid}/fd/${FIRST_FD + n}`;
    for (let n = 0; made.length < programs; n += PIPES_EACH) made.push(open(at(n), at(n + 1), at(n + 2)));
    return made;
  } catch (error) {
    for (const pipes of made) discard(pipes);
    throw error;
  } finally {
    shell.stdin.on('error', () => undefined).end();
    shell.stdout.destroy();
  }
}

export function discard(pipes: Pipes): void {
  for (const socket of [pipes.stdin, pipes.stdout, pipes.stderr]) socket.destroy();
  for (const fd of pipes.theirs) closeSync(fd);
}

/** Each end has a description of its own: ours does not wait, theirs does. */
function open(input: string, output: string, errors: string): Pipes {
  const opened: number[] = [];
  const end = (path: string, flags: number): number => {
    const fd = openSync(path, flags);
    opened.push(fd);
    if (!fstatSync(fd).isFIFO()) throw new Error('the shell made no pipe');
    return fd;
  };
  try {
    const toProgram = end(input, O_WRONLY | O_NONBLOCK);
    const theirIn = end(input, O_RDONLY);
    const fromProgram = end(output, O_RDONLY | O_NONBLOCK);
    const theirOut = end(output, O_WRONLY);
    const ofErrors = end(errors, O_RDONLY | O_NONBLOCK);
    const theirErrors = end(errors, O_WRONLY);
    return {
      theirs: [theirIn, theirOut, theirErrors],
      stdin: quiet(new Socket({ fd: toProgram, readable: false, writable: true })),
      stdout: quiet(new Socket({ fd: fromProgram, readable: true, writable: false })),
      stderr: quiet(new Socket({ fd: ofErrors, readable: true, writable: false })),
    };
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  }
}

/** What breaks is followed by its end, which is what counts; nothing is to be thrown at the process, before it is used either. */
const quiet = (socket: Socket): Socket => socket.on('error', () => undefined);
