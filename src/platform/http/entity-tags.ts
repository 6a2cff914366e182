import type { FastifyInstance, preSerializationHookHandler } from 'fastify';

/**
 * Adds ETag to the answers of routes with @EtagFrom, and answers a GET whose If-None-Match holds it with 304 (RFC 9110) where the tag
 * names all of the answer.
 */
export function addEntityTags(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    const { etagField: field, etagNamesAll = false } = route.config?.muster ?? {};
    if (field === undefined) return;
    const tag: preSerializationHookHandler = (request, reply, payload, done) => {
      const value = (payload as Record<string, unknown> | null)?.[field];
      if (typeof value === 'number') {
        const etag = `"${value}"`;
        reply.header('etag', etag);
        const reading = etagNamesAll && (request.method === 'GET' || request.method === 'HEAD');
        const known = request.headers['if-none-match'];
        if (reading && known !== undefined && matches(known, etag)) reply.code(304);
      }
      done(null, payload);
    };
    route.preSerialization = [route.preSerialization ?? [], tag].flat();
    route.onSend = [
      route.onSend ?? [],
      (_request: unknown, reply: { statusCode: number }, payload: unknown, done: (e: null, p: unknown) => void) => {
        done(null, reply.statusCode === 304 ? null : payload);
      },
    ].flat();
  });
}

/** Weak comparison with a list of entity tags, or `*` (RFC 9110, section 13.1.2). */
function matches(header: string, etag: string): boolean {
  return header.trim() === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
