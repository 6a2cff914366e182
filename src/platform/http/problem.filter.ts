import { Catch, Inject, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { FailureTranslator } from '../../domain/errors/failure-translator.js';
import { httpFailure } from './http-failure.js';
import { PROBLEM_CONTENT_TYPE, toProblem } from './problem.js';

/** Token of the FailureTranslators that are asked about an unknown error. */
export const FAILURE_TRANSLATORS = Symbol('FailureTranslators');

/** The only place where an error becomes an HTTP answer. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  constructor(@Inject(FAILURE_TRANSLATORS) private readonly translators: readonly FailureTranslator[]) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const told = this.tell(error, request);
    if (reply.sent || reply.raw.headersSent) {
      // Part of the answer is out: all that can still be said is that it is not whole.
      reply.raw.destroy();
      return;
    }
    const problem = toProblem(told, pathOf(request), request.id);
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="muster"');
    if (problem.status === 503) reply.header('retry-after', '5');
    reply.removeHeader('etag');
    reply.status(problem.status).header('content-type', PROBLEM_CONTENT_TYPE).send(JSON.stringify(problem));
  }

  private tell(error: unknown, request: FastifyRequest): DomainError {
    const known = error instanceof DomainError ? error : (httpFailure(error) ?? this.translate(error));
    if (known === null) {
      this.logger.error({ msg: 'unexpected error', reqId: request.id, err: error });
      return new DomainError(
        'INTERNAL',
        'Something unexpected happened; it is in the log under this traceId. Nothing else can be said here.',
      );
    }
    if (known.kind === 'internal' || known.kind === 'unavailable' || known.kind === 'timeout') {
      this.logger.warn({ msg: known.message, reqId: request.id, code: known.code, err: known.cause });
    }
    return known;
  }

  private translate(error: unknown): DomainError | null {
    for (const translator of this.translators) {
      const known = translator.translate(error);
      if (known !== null) return known;
    }
    return null;
  }
}

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? request.url;
