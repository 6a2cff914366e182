import type { LogLine } from '../../domain/runtime/container-runtime.js';

/** Text held for one answer; lines before are left out. */
const MOST_BYTES = 1024 * 1024;

export interface NewestLines {
  readonly items: readonly LogLine[];
  /** Older lines were left out because there was too much text. */
  readonly truncated: boolean;
}

/** The newest lines, oldest first, as far as they fit into one answer. */
export async function newestLines(lines: AsyncIterable<LogLine>, mostBytes = MOST_BYTES): Promise<NewestLines> {
  const items: LogLine[] = [];
  let truncated = false;
  let bytes = 0;
  for await (const line of lines) {
    items.push(line);
    bytes += Buffer.byteLength(line.text);
    while (bytes > mostBytes && items.length > 1) {
      bytes -= Buffer.byteLength(items.shift()?.text ?? '');
      truncated = true;
    }
  }
  return { items, truncated };
}
