import type { FastifyInstance } from 'fastify';

const TEXTS = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/markdown', 'text/plain'];

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
      else void parseJson(request, body, done);
    },
  );
  server.addContentTypeParser<string>(TEXTS, { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
}
