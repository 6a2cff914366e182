/** The newest part of what somebody writes, up to so many bytes. */
export class NewestText {
  private kept: Buffer = Buffer.alloc(0);

  constructor(private readonly mostBytes: number) {}

  push(data: Uint8Array): void {
    this.kept = Buffer.concat([this.kept, data.subarray(-this.mostBytes)]).subarray(-this.mostBytes);
  }

  /** Begins with a whole character; bytes that are no UTF-8 become U+FFFD. */
  text(): string {
    let start = 0;
    if (this.kept.length === this.mostBytes) {
      while (start < 4 && ((this.kept[start] ?? 0) & 0xc0) === 0x80) start += 1;
    }
    return this.kept.subarray(start).toString('utf8');
  }
}
