/**
 * Cuts a byte stream into length-prefixed messages. Chunks of a long message are put together once, when it is whole, so that
 * receiving it costs one copy.
 */
export class Frames {
  private chunks: Buffer[] = [];
  private size = 0;
  private needed: number;

  /**
   * @param headerBytes how many bytes of a message must be there to know its length
   * @param lengthOf the whole length of the message that starts at an offset
   */
  constructor(
    private readonly headerBytes: number,
    private readonly lengthOf: (data: Buffer, at: number) => number,
  ) {
    this.needed = headerBytes;
  }

  /** Adds what was received and gives the messages that are whole now. */
  push(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size < this.needed) return [];
    const data = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks, this.size);
    const frames: Buffer[] = [];
    let at = 0;
    this.needed = this.headerBytes;
    while (data.length - at >= this.headerBytes) {
      const length = this.lengthOf(data, at);
      if (data.length - at < length) {
        this.needed = length;
        break;
      }
      frames.push(data.subarray(at, at + length));
      at += length;
    }
    this.size = data.length - at;
    this.chunks = this.size === 0 ? [] : [data.subarray(at)];
    return frames;
  }
}
