import { spawn, type ChildProcess } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { hasErrno } from '../../platform/has-errno.js';
import { HookOutput, type HookEnd } from './hook-output.js';

/** What a command may write: one that writes more does not install anything, and would only keep Muster busy. */
const MOST_OUTPUT_MIB = 16;
/** How long what was killed may take to be gone. */
const KILLED_WITHIN_MS = 2_000;
/** How long what was written before the end may take to be read, where another process holds the output open. */
const READ_WITHIN_MS = 200;

export interface HostCommandLimits {
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs a command by `sh` on this host, in a process group of its own, which ends with the command, the time, the output
 * or the signal. A process that left the group is neither ended nor waited for. It does not fail: what went wrong is in
 * what it resolves to.
 */
export async function runHostCommand(
  command: string,
  env: Readonly<NodeJS.ProcessEnv>,
  { limitMs, signal }: HostCommandLimits,
): Promise<HookEnd> {
  if (signal.aborted) return { exitCode: null, output: '', endedFor: 'time' };
  try {
    const child = spawn('/bin/sh', ['-c', `exec 2>&1; ${command}`], {
      cwd: '/',
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    return await new HostCommand(child).end(limitMs, signal);
  } catch (error) {
    // Some causes are thrown at once, others told by an event: no memory, too many processes, too long a command.
    return { exitCode: null, output: whyNot(error) };
  }
}

class HostCommand {
  private readonly output = new HookOutput();
  private readonly decoder = new StringDecoder('utf8');
  private readonly closed: Promise<void>;
  private readonly exited: Promise<number | null>;
  private readonly killedInVain: Promise<null>;
  private giveUp: () => void = () => undefined;
  private timer: NodeJS.Timeout | undefined;
  private bytes = 0;
  private endedFor: HookEnd['endedFor'];

  constructor(private readonly child: ChildProcess) {
    this.closed = new Promise((resolve) => child.once('close', resolve));
    this.exited = new Promise((resolve, reject) => {
      child.once('exit', resolve);
      child.once('error', reject);
    });
    this.killedInVain = new Promise((resolve) => {
      this.giveUp = () => {
        resolve(null);
      };
    });
    // One that could not be started may have none.
    child.stdout?.on('data', (chunk: Buffer) => {
      this.take(chunk);
    });
    child.stdout?.on('error', (error: unknown) => {
      this.output.add(whyNot(error));
    });
  }

  async end(limitMs: number, signal: AbortSignal): Promise<HookEnd> {
    const late = (): void => {
      this.kill('time');
    };
    const limit = setTimeout(late, limitMs);
    signal.addEventListener('abort', late, { once: true });
    try {
      const exitCode = await Promise.race([this.exited, this.killedInVain]);
      // Nothing of the group outlives the command, as nothing of a container does.
      endGroup(this.child.pid);
      await this.read();
      return { exitCode, output: this.output.text, ...(this.endedFor && { endedFor: this.endedFor }) };
    } finally {
      clearTimeout(limit);
      clearTimeout(this.timer);
      signal.removeEventListener('abort', late);
      this.child.stdout?.destroy();
      this.child.unref();
    }
  }

  private take(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.output.write(this.decoder.write(chunk));
    if (this.bytes > MOST_OUTPUT_MIB * 2 ** 20) this.kill('output');
  }

  private kill(why: NonNullable<HookEnd['endedFor']>): void {
    if (this.endedFor !== undefined) return;
    this.endedFor = why;
    endGroup(this.child.pid);
    this.timer = setTimeout(this.giveUp, KILLED_WITHIN_MS);
  }

  private async read(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, READ_WITHIN_MS);
    });
    await Promise.race([this.closed, late]);
    clearTimeout(timer);
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nobody is left in it, or only what has become another user's: that one is not waited for.
    if (!hasErrno(error, 'ESRCH', 'EPERM')) throw error;
  }
}

const whyNot = (error: unknown): string => (error instanceof Error ? error.message : String(error));
