import { Duplex } from 'node:stream';
import { GoawayWatch } from './goaway-watch.js';

/**
 * A connection below an HTTP/2 session. Node's session neither reads on nor ends once it has said GOAWAY for a fault of the other side, and would not
 * see that one's end either: so what the session says is watched, and what the connection does is seen here.
 */
export class WatchedStream extends Duplex {
  private readonly watch = new GoawayWatch();

  constructor(
    private readonly inner: Duplex,
    /** The other side has ended, or the session has said that it is over. */
    private readonly over: () => void,
  ) {
    super();
    inner.on('data', (piece: Buffer) => {
      if (!this.push(piece)) inner.pause();
    });
    inner.once('end', over);
    inner.once('close', () => {
      over();
      this.destroy();
    });
    inner.on('error', () => this.destroy());
    inner.pause();
  }

  override _read(): void {
    this.inner.resume();
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const pieces = chunks.map(({ chunk }) => chunk);
    const isOver = pieces.filter((piece) => this.watch.sees(piece)).length > 0;
    this.inner.write(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces), (error) => {
      done(error);
      if (isOver) this.over();
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.inner.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.inner.destroy();
    done(error);
  }
}
