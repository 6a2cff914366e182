import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors/domain-error.js';
import { PROBLEM_CONTENT_TYPE, toProblem } from './problem.js';

/** Answers what the router itself refuses (an address that is no address), before any hook or filter is there to do it. */
export function refuseUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const refused = new DomainError(
    'MALFORMED_REQUEST',
    'The address cannot be read: it is wrongly encoded or too long.',
    {
      cause: error,
    },
  );
  const path = request.raw.url?.split('?', 1)[0] ?? '/';
  const problem = toProblem(refused, path.slice(0, 200), request.id);
  void reply
    .status(problem.status)
    .header('x-request-id', request.id)
    .header('content-type', PROBLEM_CONTENT_TYPE)
    .send(JSON.stringify(problem));
}
