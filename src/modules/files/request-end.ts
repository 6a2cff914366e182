import type { FastifyReply } from 'fastify';

/** Aborted when the connection is gone: then nobody waits for what was asked any more. */
export function endOf(reply: FastifyReply): AbortSignal {
  const ended = new AbortController();
  reply.raw.once('close', () => {
    ended.abort();
  });
  return ended.signal;
}
