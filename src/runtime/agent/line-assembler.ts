/** Longer lines are handed on in pieces, so that no agent can make Muster hold more than this. */
export const MAX_LINE_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines of text without their line ends. */
export class LineAssembler {
  private pending: Buffer = Buffer.alloc(0);

  /** The lines that these bytes complete. */
  *push(bytes: Buffer): Generator<string> {
    let rest = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    for (;;) {
      const end = rest.indexOf(NEWLINE);
      if (end !== -1 && end <= MAX_LINE_BYTES) {
        yield text(rest.subarray(0, end));
        rest = rest.subarray(end + 1);
      } else if (rest.length > MAX_LINE_BYTES) {
        const cut = characterBoundary(rest, MAX_LINE_BYTES);
        yield text(rest.subarray(0, cut));
        rest = rest.subarray(cut);
      } else break;
    }
    this.pending = rest;
  }

  /** What is left of a last line without an end. */
  flush(): string | null {
    const { pending } = this;
    this.pending = Buffer.alloc(0);
    return pending.length === 0 ? null : text(pending);
  }
}

function text(bytes: Buffer): string {
  const line = bytes.toString('utf8');
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** The last place at or before `at` where a UTF-8 character begins. */
function characterBoundary(bytes: Buffer, at: number): number {
  for (let cut = at; cut > at - 4; cut -= 1) if (((bytes[cut] ?? 0) & 0xc0) !== 0x80) return cut;
  return at;
}
