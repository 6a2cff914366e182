import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refuseUnreadable } from './refuse-unreadable.js';

/** To send all of a body, but for one that is a stream. Who sends a byte now and then would keep its connection for ever. */
export const BODY_TIMEOUT_MS = 60_000;
/** For the next bytes of a stream. */
export const STREAM_SILENCE_MS = 60_000;

/** Ends requests whose bodies do not come. Node's own limit knows only one time for all requests, however long they may be. */
export function endSlowBodies(
  server: FastifyInstance,
  { bodyMs = BODY_TIMEOUT_MS, silenceMs = STREAM_SILENCE_MS }: { bodyMs?: number; silenceMs?: number } = {},
): void {
  server.addHook('onRequest', (request, _reply, done) => {
    if (hasBody(request)) {
      const streams = request.routeOptions.config.muster?.streams !== undefined;
      const timer = streams ? endWhenSilent(request, silenceMs) : endWhenLate(request, bodyMs);
      for (const event of ['close', 'end'] as const) {
        request.raw.once(event, () => {
          clearInterval(timer);
        });
      }
    }
    done();
  });
}

function endWhenLate(request: FastifyRequest, bodyMs: number): NodeJS.Timeout {
  return setTimeout(() => {
    refuse(request);
  }, bodyMs).unref();
}

/** A stream has the time anew whenever something of it has come. While nobody reads it, that is not the sender's fault. */
function endWhenSilent(request: FastifyRequest, silenceMs: number): NodeJS.Timeout {
  const { raw } = request;
  let seen = -1;
  return setInterval(() => {
    const { bytesRead } = raw.socket;
    if (bytesRead === seen && raw.readableLength === 0) refuse(request);
    seen = bytesRead;
  }, silenceMs).unref();
}

function refuse({ raw }: FastifyRequest): void {
  if (!raw.complete) refuseUnreadable(Object.assign(new Error('too slow'), { code: 'SLOW_BODY' }), raw.socket);
}

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
