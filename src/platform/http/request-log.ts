import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Log } from '../telemetry/log.js';
import type { AuthenticatedRequest } from './caller.decorator.js';

/**
 * One line for each answer: changes and refusals at info, successful reads at debug, because they are most of the
 * traffic and say least. Neither bodies nor query strings nor headers are logged.
 */
@Injectable()
export class RequestLog {
  constructor(private readonly log: Log) {}

  register(server: FastifyInstance): void {
    const { pino } = this.log;
    server.addHook('onResponse', (request, reply, done) => {
      const quiet = reply.statusCode < 400 && (request.method === 'GET' || request.method === 'HEAD');
      const level = reply.statusCode >= 500 ? 'error' : quiet ? 'debug' : 'info';
      if (pino.isLevelEnabled(level)) {
        pino[level](
          {
            context: 'Http',
            reqId: request.id,
            method: request.method,
            path: request.url.split('?', 1)[0],
            status: reply.statusCode,
            ms: Math.round(reply.elapsedTime * 10) / 10,
            apiKeyId: (request as FastifyRequest & AuthenticatedRequest).principal?.apiKeyId,
          },
          'request',
        );
      }
      done();
    });
  }
}
