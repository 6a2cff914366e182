import type { IncomingMessage } from 'node:http';

const LONGEST_MS = 5_000;
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Reads on for a while what is refused already: a sender whose connection breaks while it sends would not read why. One that sends
 * on and on is cut off.
 */
export function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let bytes = 0;
  const cut = (): void => {
    request.destroy();
  };
  const timer = setTimeout(cut, LONGEST_MS).unref();
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > MOST_BYTES) cut();
  });
  request.on('error', () => undefined);
  request.once('close', () => {
    clearTimeout(timer);
  });
}
