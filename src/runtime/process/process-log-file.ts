import { copyFile, open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

const READ_BYTES = 64 * 1024;

export function logFileIn(folder: string): string {
  return join(folder, 'log');
}

function olderLogFileIn(folder: string): string {
  return join(folder, 'log.1');
}

/**
 * A container's log is `log`, which the process itself appends to, and `log.1`, what was before the last rotation.
 * Reads go on where the last one ended, over a rotation too.
 */
export class ProcessLogReader {
  private offset = 0;

  constructor(private readonly folder: string) {}

  /** Everything there is, older log first. */
  async *readFromStart(): AsyncGenerator<Buffer> {
    yield* pieces(olderLogFileIn(this.folder), 0);
    yield* this.readOn();
  }

  /** What came since the last read. */
  async *readOn(): AsyncGenerator<Buffer> {
    const size = (await stat(logFileIn(this.folder)).catch(() => null))?.size ?? 0;
    if (size < this.offset) {
      yield* pieces(olderLogFileIn(this.folder), this.offset);
      this.offset = 0;
    }
    for await (const piece of pieces(logFileIn(this.folder), this.offset)) {
      this.offset += piece.length;
      yield piece;
    }
  }
}

export async function isLogFull(folder: string, maxBytes: number): Promise<boolean> {
  const stats = await stat(logFileIn(folder)).catch(() => null);
  return stats !== null && stats.size > maxBytes;
}

/**
 * Begins a log anew: copied aside, then emptied, for the process goes on writing to the file it has. A line written
 * between the two is lost.
 */
export async function rotateLog(folder: string): Promise<void> {
  await copyFile(logFileIn(folder), olderLogFileIn(folder));
  await truncate(logFileIn(folder));
}

async function* pieces(file: string, from: number): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return;
  try {
    for (let at = from; ;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
