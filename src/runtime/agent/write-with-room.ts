import { once } from 'node:events';
import type { Duplex } from 'node:stream';

/** Writes, and resolves when there is room for more. What cannot be written any more is dropped. */
export async function writeWithRoom(stream: Duplex, data: Uint8Array): Promise<void> {
  if (!stream.writable || stream.write(data)) return;
  const settled = new AbortController();
  const { signal } = settled;
  // An error is followed by the close.
  await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]).catch(() => undefined);
  // Else each wait would leave a listener behind.
  settled.abort();
}
