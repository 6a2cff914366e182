const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines of text, each as a whole; what it holds of one is bound. */
export class LineReader {
  private parts: Uint8Array[] = [];
  private length = 0;

  constructor(private readonly mostBytes: number) {}

  /** The lines that these bytes complete, without their ends; null for one that is longer than it may be: then it is over. */
  *push(bytes: Uint8Array): Generator<string | null> {
    let rest = bytes;
    for (;;) {
      const end = rest.indexOf(NEWLINE);
      this.keep(end === -1 ? rest : rest.subarray(0, end));
      if (this.length > this.mostBytes) {
        yield null;
        return;
      }
      if (end === -1) return;
      yield this.take();
      rest = rest.subarray(end + 1);
    }
  }

  private keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.parts.push(part);
    this.length += part.length;
  }

  private take(): string {
    const line = Buffer.concat(this.parts).toString('utf8');
    this.parts = [];
    this.length = 0;
    return line;
  }
}
