import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecSession } from '../../../domain/runtime/exec-session.js';
import { LineReader } from './line-reader.js';
import { readMessages, type Message } from './message.js';
import { NewestText } from './newest-text.js';

const KEPT_STDERR_BYTES = 16 * 1024;
/** What leads to nothing is read no faster than this, so that a program that writes without end costs little. */
const USELESS_BYTES_A_TURN = 256 * 1024;
const TURN_MS = 250;
/** To look at a short line costs as much as to look at this many bytes of a long one. */
const LEAST_BYTES = 1024;

export interface StdioServerOptions {
  /** Of one message. */
  readonly messageBytes: number;
}

/**
 * A program that speaks MCP over its standard input and output (MCP 2025-11-25, "stdio"): one message a line. What it writes
 * beside that, to stderr or to the wrong place, is no failure; the newest of it is kept for its operator.
 */
export class StdioServer {
  private readonly others = new NewestText(KEPT_STDERR_BYTES);
  private writing: Promise<void> = Promise.resolve();
  private waiting = 0;
  private uselessBytes = 0;
  private turnEndsAt = 0;
  private isOver = false;

  constructor(
    private readonly program: ExecSession,
    private readonly options: StdioServerOptions,
  ) {}

  /** What it has written beside its messages. */
  get stderr(): string {
    return this.others.text();
  }

  /** Bytes that it has not taken yet. */
  get waitingBytes(): number {
    return this.waiting;
  }

  /**
   * Its messages, until it ends. Who does not read makes it wait.
   * @returns whether its last message was too long, after which nothing of it can be understood
   * @throws RuntimeError unavailable
   */
  async *messages(): AsyncGenerator<Message, 'ended' | 'too-long'> {
    const lines = new LineReader(this.options.messageBytes);
    for await (const { stream, data } of this.program.output) {
      if (this.isOver) continue;
      if (stream === 'stderr') {
        this.others.push(data);
        await this.useless(data.length);
        continue;
      }
      for (const line of lines.push(data)) {
        if (line === null) return 'too-long';
        const read = this.read(line);
        if (!this.isHeard()) break;
        if (read.length === 0) await this.useless(line.length + 1);
        else yield* read;
      }
    }
    return 'ended';
  }

  /** What it said leads to nothing; too much of that has to wait. */
  async useless(bytes: number): Promise<void> {
    const now = performance.now();
    if (now >= this.turnEndsAt) {
      this.uselessBytes = 0;
      this.turnEndsAt = now + TURN_MS;
    }
    this.uselessBytes += Math.max(bytes, LEAST_BYTES);
    if (this.uselessBytes > USELESS_BYTES_A_TURN) await sleep(Math.max(0, this.turnEndsAt - now));
  }

  /** Resolves when it has taken this line, or takes nothing any more. */
  async send(text: string): Promise<void> {
    const line = Buffer.from(`${text}\n`);
    this.waiting += line.length;
    this.writing = this.writing.then(async () => {
      await this.program.write(line);
      this.waiting -= line.length;
    });
    await this.writing;
  }

  /** Tells it to end, as the revision asks: there is no more input. What it still says is heard of no more. */
  endInput(): void {
    this.isOver = true;
    this.program.endInput();
  }

  /** As a shell tells it; null where that is not to be learnt. */
  async exitCode(): Promise<number | null> {
    try {
      return await this.program.exitCode();
    } catch {
      return null;
    }
  }

  /** Lets go of it; its processes are not ended by that. */
  close(): void {
    this.program.close();
  }

  /** It may have changed while something was awaited. */
  private isHeard(): boolean {
    return !this.isOver;
  }

  private read(line: string): readonly Message[] {
    if (line.trim() === '') return [];
    try {
      const read = readMessages(line);
      if (!('faults' in read)) return read.messages;
    } catch {
      // Kept below: programs print what they should not.
    }
    this.others.push(Buffer.from(`${line}\n`));
    return [];
  }
}
