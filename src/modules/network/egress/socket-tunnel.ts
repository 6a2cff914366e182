import { once } from 'node:events';
import type { Socket } from 'node:net';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { Tunnel } from '../../../domain/runtime/tunnel.js';

/** A connection to a host outside. */
export class SocketTunnel extends Tunnel {
  constructor(private readonly socket: Socket) {
    super();
  }

  get output(): AsyncIterable<Uint8Array> {
    return this.read();
  }

  async write(data: Uint8Array): Promise<void> {
    this.assertOpen();
    if (this.socket.write(data)) return;
    const over = new AbortController();
    const { signal } = over;
    try {
      await Promise.race([once(this.socket, 'drain', { signal }), once(this.socket, 'close', { signal })]);
    } catch (cause) {
      throw broken(cause);
    } finally {
      over.abort();
    }
    this.assertOpen();
  }

  end(): void {
    this.socket.end();
  }

  close(): void {
    this.socket.destroy();
  }

  private assertOpen(): void {
    if (this.socket.destroyed) throw broken();
  }

  private async *read(): AsyncGenerator<Uint8Array> {
    try {
      // The end of what it says is not the end of what it is told.
      yield* this.socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    } catch (cause) {
      throw broken(cause);
    }
  }
}

const broken = (cause?: unknown): DomainError =>
  new DomainError('AGENT_UNREACHABLE', 'The connection to a host outside broke off.', { cause });
