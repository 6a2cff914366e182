import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { DomainError } from '../../domain/errors/domain-error.js';
import { passedOn } from '../../platform/telemetry/collect-young.js';

/** A body on its way: passed on as it comes, counted, digested, and cut off when it is too long. */
export class MeasuredBody implements AsyncIterable<Uint8Array> {
  bytes = 0;
  private readonly hash = createHash('sha256');

  constructor(
    private readonly body: Readable,
    private readonly maxBytes: number,
  ) {}

  /** In hex; of all of it, once that has been read. */
  get sha256(): string {
    return this.hash.copy().digest('hex');
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of this.body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        this.bytes += piece.length;
        if (this.bytes > this.maxBytes) throw tooLarge(this.maxBytes);
        this.hash.update(piece);
        passedOn(piece.length);
        yield piece;
      }
    } catch (cause) {
      if (cause instanceof DomainError) throw cause;
      throw new DomainError('MALFORMED_REQUEST', 'The body ended before it was whole.', { cause });
    }
  }
}

export const tooLarge = (maxBytes: number): DomainError =>
  new DomainError(
    'BODY_TOO_LARGE',
    `At most ${maxBytes} bytes are taken at once. See FILES_MAX_BYTES in the configuration.`,
    {
      details: { maxBytes },
    },
  );
