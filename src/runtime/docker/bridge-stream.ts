import { Duplex } from 'node:stream';
import { FrameReader } from '../agent/stream-frames.js';

/**
 * The bytes of an exec bridge as HTTP wants a connection to be: what is written is its stdin, what is read its stdout.
 * Its stderr, one line when nobody listens inside, says nothing that the end of the stream does not.
 */
export class BridgeStream extends Duplex {
  private readonly frames = new FrameReader();

  constructor(private readonly exec: Duplex) {
    super();
    exec.on('data', (bytes: Buffer) => {
      this.receive(bytes);
    });
    exec.on('end', () => this.push(null));
    exec.on('close', () => this.destroy());
    exec.on('error', (error: Error) => this.destroy(error));
  }

  override _read(): void {
    this.exec.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.exec.write(chunk, encoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.exec.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.exec.destroy();
    done(error);
  }

  // What HTTP's pool of connections asks of a socket, and means nothing here.
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  private receive(bytes: Buffer): void {
    try {
      for (const { stream, data } of this.frames.push(bytes)) {
        if (stream === 'stdout' && !this.push(data)) this.exec.pause();
      }
    } catch (error) {
      this.destroy(error as Error);
    }
  }
}
