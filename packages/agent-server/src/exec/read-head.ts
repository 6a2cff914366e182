import type { Duplex } from 'node:stream';
import { MAX_BODY_BYTES, type ExecRequest } from '../protocol.js';
import { validateExecRequest } from '../validation/exec-request.js';

const LENGTH_BYTES = 4;

/**
 * What is to be run: the length of four bytes, and so much JSON. What follows it stays to be read.
 * @returns null when it cannot be understood, or the connection ends before
 */
export async function readHead(client: Duplex): Promise<ExecRequest | null> {
  const length = (await readBytes(client, LENGTH_BYTES))?.readUInt32BE() ?? 0;
  if (length === 0 || length > MAX_BODY_BYTES) return null;
  const bytes = await readBytes(client, length);
  if (bytes === null) return null;
  try {
    return validateExecRequest(JSON.parse(bytes.toString('utf8')));
  } catch {
    return null;
  }
}

/** Exactly so many; null when there are no more to come. */
function readBytes(client: Duplex, count: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    let missing = count;
    const pieces: Buffer[] = [];
    const settle = (found: Buffer | null): void => {
      client.off('readable', look).off('end', end).off('close', end);
      resolve(found);
    };
    const end = (): void => {
      settle(null);
    };
    const look = (): void => {
      while (missing > 0) {
        const piece = client.read(Math.min(missing, client.readableLength)) as Buffer | null;
        if (piece === null || piece.length === 0) return;
        pieces.push(piece);
        missing -= piece.length;
      }
      settle(Buffer.concat(pieces, count));
    };
    client.on('readable', look).once('end', end).once('close', end);
    look();
  });
}
