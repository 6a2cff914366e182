import type { FastifyInstance } from 'fastify';
import { DomainError } from '../../domain/errors/domain-error.js';

/** Strict: what was replaced on the way in could not be given back to the byte. */
const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// Not text/plain: a page of another site can make a browser send that without asking first.
const TEXTS = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/markdown'];

/** Bytes, which only routes with @TakesStream take. */
const STREAMS = ['application/octet-stream', 'application/x-tar', 'application/gzip'];

/**
 * JSON for application/json and application/merge-patch+json (an empty body is no body); template files stay text.
 * Any other content type is refused with 415.
 */
export function addBodyParsers(server: FastifyInstance): void {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser<string>(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'string' },
    (request, body, done) => {
      if (body === '') done(null, undefined);
      else {
        const { keepsText } = request.routeOptions.config.muster ?? {};
        void parseJson(request, body, (error, value: unknown) => {
          done(error, keepsText === true ? body : value);
        });
      }
    },
  );
  server.addContentTypeParser(STREAMS, (request, body, done) => {
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (request.routeOptions.config.muster?.streams?.includes(type) === true) done(null, body);
    else done(new DomainError('UNSUPPORTED_MEDIA_TYPE', `${type} is not understood here. See /docs for what is.`));
  });
  server.addContentTypeParser<Buffer>(TEXTS, { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, TEXT.decode(body));
    } catch (cause) {
      done(new DomainError('MALFORMED_REQUEST', 'The body is not UTF-8. Save the file as UTF-8.', { cause }));
    }
  });
}
