/** Longer lines are handed on in pieces, so that no agent can make Muster hold more than this. */
export const MAX_LINE_BYTES = 64 * 1024;

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/** Cuts a stream of bytes into lines of text without their line ends. */
export class LineAssembler {
  private pending: Buffer = NOTHING;

  /** The lines that these bytes, from there on, complete. */
  push(bytes: Buffer, from = 0): string[] {
    const isNew = this.pending.length === 0;
    const whole = isNew ? bytes : Buffer.concat([this.pending, bytes.subarray(from)]);
    const lines: string[] = [];
    let start = isNew ? from : 0;
    for (;;) {
      const end = whole.indexOf(NEWLINE, start);
      if (end !== -1 && end - start <= MAX_LINE_BYTES) {
        lines.push(text(whole, start, end));
        start = end + 1;
      } else if (whole.length - start > MAX_LINE_BYTES) {
        const cut = characterBoundary(whole, start + MAX_LINE_BYTES);
        lines.push(text(whole, start, cut));
        start = cut;
      } else break;
    }
    this.pending = start === whole.length ? NOTHING : whole.subarray(start);
    return lines;
  }

  /** What is left of a last line without an end. */
  flush(): string | null {
    const { pending } = this;
    this.pending = NOTHING;
    return pending.length === 0 ? null : text(pending, 0, pending.length);
  }
}

function text(bytes: Buffer, start: number, end: number): string {
  const line = bytes.toString('utf8', start, end);
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** The last place at or before `at` where a UTF-8 character begins. */
function characterBoundary(bytes: Buffer, at: number): number {
  for (let cut = at; cut > at - 4; cut -= 1) if (((bytes[cut] ?? 0) & 0xc0) !== 0x80) return cut;
  return at;
}
