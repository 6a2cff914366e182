const HEADER_BYTES = 8;
/** The engine cuts its lines at 16 KiB, so a frame this large is no frame. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;

export interface StreamFrame {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/**
 * Takes apart what the engine sends of a container without a terminal: frames of a stream's number, three zeroes, a length
 * of four bytes, and the data (Docker Engine API, "Attach to a container", stream format).
 */
export class FrameReader {
  private pending: Buffer = Buffer.alloc(0);

  /** The frames that these bytes complete. @throws RangeError when they are no frames */
  *push(bytes: Buffer): Generator<StreamFrame> {
    let rest = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    while (rest.length >= HEADER_BYTES) {
      const length = rest.readUInt32BE(4);
      if (length > MAX_FRAME_BYTES) throw new RangeError(`A frame of ${length} bytes.`);
      if (rest.length < HEADER_BYTES + length) break;
      const data = rest.subarray(HEADER_BYTES, HEADER_BYTES + length);
      yield { stream: rest[0] === 2 ? 'stderr' : 'stdout', data };
      rest = rest.subarray(HEADER_BYTES + length);
    }
    this.pending = rest;
  }
}
