import { constants, type ClientHttp2Stream, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import type { Socket } from 'node:net';
import type { Uplinks } from './uplinks.js';

/** Muster has its own limits, which are shorter. */
const ANSWER_TIMEOUT_MS = 90_000;

/**
 * Carries a connection of a program out over the uplink. Whoever ends its direction goes on reading; what Muster does not allow, or does not
 * reach, is reset, for a connection that is accepted cannot be refused any more.
 */
export async function carryOut(client: Socket, name: string, port: number, uplinks: Uplinks): Promise<void> {
  client.on('error', () => undefined);
  let stream: ClientHttp2Stream;
  try {
    stream = await uplinks.open(name, port);
  } catch {
    client.resetAndDestroy();
    return;
  }
  const broken = (): void => {
    if (!client.destroyed) client.resetAndDestroy();
  };
  stream.on('error', broken);
  const gone = (): void => {
    // Both have said all that they have to say: what is still on its way arrives.
    if (!client.readableEnded || !stream.readableEnded) stream.close(constants.NGHTTP2_CANCEL);
  };
  client.once('close', gone);
  if (client.destroyed) gone();
  const late = setTimeout(broken, ANSWER_TIMEOUT_MS);
  stream.once('close', () => {
    clearTimeout(late);
    if (stream.rstCode !== 0 || !stream.readableEnded) broken();
  });
  stream.once('response', (headers: IncomingHttpHeaders & IncomingHttpStatusHeader) => {
    clearTimeout(late);
    if (headers[':status'] !== 200) {
      broken();
      return;
    }
    client.pipe(stream);
    stream.pipe(client, { end: false });
    stream.once('end', () => {
      // A stream that is broken off with its session ends too: nobody is to take the part for the whole.
      if (stream.aborted || stream.rstCode > 0 || stream.session?.destroyed !== false) broken();
      else client.end();
    });
  });
}
