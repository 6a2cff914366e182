const HEADER_BYTES = 8;
/** Engines cut their lines at 16 KiB, so a frame this large is no frame. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;

export interface StreamFrame {
  /** As its header has it: 1 is stdout, 2 stderr. */
  readonly number: number;
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/**
 * Takes apart what engines send of a container without a terminal, and agent-server of a program: frames of a stream's number, three zeroes, a length
 * of four bytes, and the data (Docker Engine API, "Attach to a container", stream format).
 */
export class FrameReader {
  private pending: Buffer = Buffer.alloc(0);

  /** @param largest in bytes; what is larger is no frame */
  constructor(private readonly largest = MAX_FRAME_BYTES) {}

  /** The frames that these bytes complete. @throws RangeError when they are no frames */
  *push(bytes: Buffer): Generator<StreamFrame> {
    const whole = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    let at = 0;
    while (whole.length - at >= HEADER_BYTES) {
      const length = whole.readUInt32BE(at + 4);
      if (length > this.largest) throw new RangeError(`A frame of ${length} bytes.`);
      const begin = at + HEADER_BYTES;
      if (whole.length - begin < length) break;
      const number = whole[at] ?? 0;
      at = begin + length;
      yield { number, stream: number === 2 ? 'stderr' : 'stdout', data: whole.subarray(begin, at) };
    }
    this.pending = whole.subarray(at);
  }
}
