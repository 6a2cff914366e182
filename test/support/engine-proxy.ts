import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { ENGINE_SOCKET } from './engine.js';

/** A socket in front of the engine's, to take the engine away in the middle of things. */
export class EngineProxy {
  readonly path = join(tmpdir(), `muster-engine-${randomBytes(4).toString('hex')}.sock`);
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private server: Server | null = null;
  private stalled = false;

  get host(): string {
    return `unix://${this.path}`;
  }

  /** Lets calls through, from now on or again. */
  async open(): Promise<void> {
    this.stalled = false;
    await rm(this.path, { force: true });
    const server = createServer((client) => {
      this.join(client);
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
  }

  /** The engine dies: connections break, and none can be made. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve) ?? resolve(null));
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
    await closed;
    this.server = null;
  }

  /** The engine hangs: connections stand, can be made even, and nothing moves. */
  stall(): void {
    this.stalled = true;
    for (const [client, upstream] of this.pairs) for (const socket of [client, upstream]) socket.unpipe().pause();
  }

  private join(client: Socket): void {
    const upstream = connect(ENGINE_SOCKET);
    const pair = [client, upstream] as const;
    this.pairs.add(pair);
    for (const [one, other] of [pair, [upstream, client] as const]) {
      one.on('error', () => undefined);
      one.on('close', () => {
        other.destroy();
        this.pairs.delete(pair);
      });
      if (!this.stalled) one.pipe(other);
    }
  }
}
