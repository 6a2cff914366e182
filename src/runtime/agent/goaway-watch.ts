const HEAD_BYTES = 9;
const GOAWAY = 7;

/** Finds GOAWAY among the frames that a session writes (RFC 9113, section 4.1), however they are cut into pieces. */
export class GoawayWatch {
  private readonly head = Buffer.alloc(HEAD_BYTES);
  private headLength = 0;
  /** Of the present frame, still to come. */
  private left = 0;

  /** Does such a frame begin in this piece? */
  sees(piece: Buffer): boolean {
    let found = false;
    for (let at = 0; at < piece.length;) {
      if (this.left > 0) {
        const skipped = Math.min(this.left, piece.length - at);
        this.left -= skipped;
        at += skipped;
        continue;
      }
      const copied = piece.copy(this.head, this.headLength, at, at + HEAD_BYTES - this.headLength);
      this.headLength += copied;
      at += copied;
      if (this.headLength < HEAD_BYTES) break;
      this.headLength = 0;
      this.left = this.head.readUIntBE(0, 3);
      found ||= this.head[3] === GOAWAY;
    }
    return found;
  }
}
