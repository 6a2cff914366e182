import type Docker from 'dockerode';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExecSession, type ExecOutput, type TerminalSize } from '../../domain/runtime/exec-session.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { EngineClient } from './engine-client.js';
import { ignoring, toRuntimeError } from './engine-error.js';
import { FrameReader } from '../agent/stream-frames.js';
import { writeWithRoom } from '../agent/write-with-room.js';

/** The engine notes an exit code a moment after the output has ended. */
const EXIT_LOOKS = 50;
const EXIT_LOOK_EVERY_MS = 20;

export class DockerExecSession extends ExecSession {
  private closed = false;

  constructor(
    private readonly engine: EngineClient,
    /** The engine's id of it. */
    private readonly id: string,
    private readonly socket: Duplex,
    private readonly terminal: boolean,
  ) {
    super();
    // What breaks is told by reading; nothing is to be thrown at the process.
    socket.on('error', () => undefined);
  }

  get output(): AsyncIterable<ExecOutput> {
    return this.terminal ? this.pieces() : this.frames();
  }

  async write(data: Uint8Array): Promise<void> {
    await writeWithRoom(this.socket, data);
  }

  endInput(): void {
    this.socket.end();
  }

  async resize({ columns, rows }: TerminalSize): Promise<void> {
    try {
      await this.engine.call({
        what: 'resize a terminal',
        // Podman answers 201, which dockerode takes for a refusal.
        run: (docker) =>
          (docker.getExec(this.id).resize({ w: columns, h: rows }) as Promise<unknown>).catch(ignoring(201)),
      });
    } catch (error) {
      const refused = error instanceof RuntimeError && ['refused', 'not-found'].includes(error.failure);
      if (!refused || (await this.look()).Running) throw error;
    }
  }

  async exitCode(): Promise<number | null> {
    for (let look = 0; look < EXIT_LOOKS; look += 1) {
      const { Running, ExitCode } = await this.look();
      if (!Running) return ExitCode;
      await sleep(EXIT_LOOK_EVERY_MS);
    }
    return null;
  }

  close(): void {
    this.closed = true;
    this.socket.destroy();
  }

  private async look(): Promise<Docker.ExecInspectInfo> {
    return this.engine.call({
      what: 'tell how a program ended',
      run: (docker) => docker.getExec(this.id).inspect(),
    });
  }

  private async *frames(): AsyncGenerator<ExecOutput> {
    const frames = new FrameReader();
    for await (const { data } of this.pieces()) yield* frames.push(data);
  }

  private async *pieces(): AsyncGenerator<{ stream: 'stdout'; data: Buffer }> {
    try {
      for await (const data of this.socket) yield { stream: 'stdout', data: data as Buffer };
    } catch (error) {
      if (!this.closed) throw toRuntimeError(error, 'show what a program writes');
    }
  }
}
