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
    this.assertOpen();
    if (this.stream.write(data)) return;
    const over = new AbortController();
    const { signal } = over;
    try {
      // An error is followed by the close.
      await Promise.race([once(this.stream, 'drain', { signal }), once(this.stream, 'close', { signal })]);
    } catch (cause) {
      throw new AgentUnreachableError(this.container, { cause });
    } finally {
      // Else each wait would leave a listener behind.
      over.abort();
    }
    this.assertOpen();
  }

  end(): void {
    this.stream.end();
  }

  close(): void {
    this.stream.destroy();
  }

  private assertOpen(): void {
    if (this.stream.destroyed) throw new AgentUnreachableError(this.container);
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
