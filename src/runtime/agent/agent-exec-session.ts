import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExecSession, type ExecOutput } from '../../domain/runtime/exec-session.js';
import { AgentUnreachableError, RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { parseExecEnd } from './agent-protocol.js';
import { FrameReader } from './stream-frames.js';
import { writeWithRoom } from './write-with-room.js';

/** agent-server sends what it has read at once: 64 KiB. */
const MAX_FRAME_BYTES = 1024 * 1024;
const END = 3;
/** The engine notes the end of a container a moment after its programs are gone. */
const END_LOOKS = 50;
const END_LOOK_EVERY_MS = 20;
/** What is told of a program that ended with its container, by SIGKILL. */
const KILLED = 137;

/** A program that agent-server has started. What it says is the agent's word, and bounded as that. */
export class AgentExecSession extends ExecSession {
  private closed = false;
  private code: number | null = null;

  constructor(
    private readonly container: string,
    private readonly stream: Duplex,
    private readonly isRunning: () => Promise<boolean>,
  ) {
    super();
    // What breaks is told by reading; nothing is to be thrown at the process.
    stream.on('error', () => undefined);
  }

  get output(): AsyncIterable<ExecOutput> {
    return this.frames();
  }

  async write(data: Uint8Array): Promise<void> {
    await writeWithRoom(this.stream, data);
  }

  endInput(): void {
    this.stream.end();
  }

  async resize(): Promise<void> {
    // It has no terminal.
    return Promise.resolve();
  }

  async exitCode(): Promise<number | null> {
    return Promise.resolve(this.code);
  }

  close(): void {
    this.closed = true;
    this.stream.destroy();
  }

  private async *frames(): AsyncGenerator<ExecOutput> {
    const frames = new FrameReader(MAX_FRAME_BYTES);
    let cause: unknown;
    try {
      for await (const piece of this.stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        for (const { number, stream, data } of frames.push(piece)) {
          if (number !== END) yield { stream, data };
          else if (this.note(data)) return;
        }
      }
    } catch (error) {
      if (error instanceof RuntimeError) throw error;
      // Whatever broke it: it is not heard of any more.
      this.stream.destroy();
      cause = error;
    }
    if (!this.closed) this.code = await this.codeOfLost(cause);
  }

  /** @returns whether that is an end @throws RuntimeError refused when it was not started */
  private note(data: Buffer): boolean {
    const end = parseExecEnd(data);
    if (end === null) return false;
    if ('failure' in end) throw new RuntimeError('refused', `In container ${this.container}: ${end.failure}`);
    this.code = end.exitCode;
    return true;
  }

  /** @throws AgentUnreachableError when the container goes on without saying what became of it */
  private async codeOfLost(cause: unknown): Promise<number> {
    for (let look = 0; look < END_LOOKS; look += 1) {
      if (!(await this.isRunning())) return KILLED;
      await sleep(END_LOOK_EVERY_MS);
    }
    throw new AgentUnreachableError(this.container, { cause });
  }
}
