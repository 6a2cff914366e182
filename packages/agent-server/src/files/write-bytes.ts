import type { FileHandle } from 'node:fs/promises';

/** What comes in pieces of 64 KiB is written in fewer, larger ones. */
const WRITE_BYTES = 1024 * 1024;

/** Writes all of it, while the next pieces come. @throws what the source throws, or the disk; then the file is not whole */
export async function writeBytes(file: FileHandle, source: AsyncIterable<Buffer>): Promise<number> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let total = 0;
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const piece of source) {
      pending.push(piece);
      pendingBytes += piece.length;
      total += piece.length;
      if (pendingBytes < WRITE_BYTES) continue;
      await writing;
      writing = writeAll(file, pending);
      // Awaited before the next one; it may fail before that.
      writing.catch(() => undefined);
      pending = [];
      pendingBytes = 0;
    }
  } finally {
    // Whoever closes the file must not do so under a write.
    await writing;
  }
  await writeAll(file, pending);
  return total;
}

async function writeAll(file: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  for (let rest = pieces; rest.length > 0;) {
    const { bytesWritten } = await file.writev(rest);
    rest = after(rest, bytesWritten);
  }
}

/** What is left of the pieces when so many of their bytes are done: a nearly full disk takes a part. */
function after(pieces: readonly Buffer[], bytes: number): Buffer[] {
  let done = bytes;
  for (const [index, piece] of pieces.entries()) {
    if (done < piece.length) return [piece.subarray(done), ...pieces.slice(index + 1)];
    done -= piece.length;
  }
  return [];
}

/** Passes it on, up to so many bytes. */
export async function* atMost(
  source: AsyncIterable<Buffer>,
  maxBytes: number,
  tooMuch: () => Error,
): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const piece of source) {
    size += piece.length;
    if (size > maxBytes) throw tooMuch();
    yield piece;
  }
}
