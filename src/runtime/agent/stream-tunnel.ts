import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { AgentUnreachableError } from '../../domain/runtime/runtime-errors.js';
import { Tunnel } from '../../domain/runtime/tunnel.js';

/** A tunnel over the stream that an upgraded request left. */
export class StreamTunnel extends Tunnel {
  constructor(
    private readonly container: string,
    private readonly stream: Duplex,
  ) {
    super();
    // Told to who reads or writes.
    stream.on('error', () => undefined);
  }

  get output(): AsyncIterable<Uint8Array> {
    return this.read();
  }

  async write(data: Uint8Array): Promise<void> {
    if (this.stream.destroyed) throw new AgentUnreachableError(this.container);
    if (this.stream.write(data)) return;
    const closed = once(this.stream, 'close').then(() => {
      throw new AgentUnreachableError(this.container);
    });
    closed.catch(() => undefined);
    await Promise.race([once(this.stream, 'drain').catch(() => closed), closed]);
  }

  end(): void {
    this.stream.end();
  }

  close(): void {
    this.stream.destroy();
  }

  private async *read(): AsyncGenerator<Uint8Array> {
    const pieces: AsyncIterator<Buffer, undefined> = this.stream.iterator({ destroyOnReturn: false }) as AsyncIterator<
      Buffer,
      undefined
    >;
    try {
      for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
    } catch (cause) {
      throw new AgentUnreachableError(this.container, { cause });
    }
  }
}
