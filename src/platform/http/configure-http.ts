import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessControl } from './access-control.js';
import { addBodyParsers } from './body-parsers.js';
import { Draining } from './draining.js';
import { addEntityTags } from './entity-tags.js';
import { Idempotency } from './idempotency/idempotency.js';
import { InputPipe } from './input.pipe.js';
import { ProblemFilter } from './problem.filter.js';
import { RequestLog } from './request-log.js';
import { RequestMetrics } from './request-metrics.js';
import { RouteTable } from './route-table.js';
import { Upgrades } from './upgrades.js';
import { endSlowBodies } from './slow-bodies.js';
import { addSecurityHeaders } from './security-headers.js';

export const API_PREFIX = 'api/v1';
/** What lies outside the API: for probes, scrapers and readers. */
const WITHOUT_PREFIX = ['healthz', 'readyz', 'metrics', 'problems/:code'];

/**
 * Puts everything between the network and the controllers in its place. The order is the order in which a request
 * meets it. Call it before app.init(): hooks and the route table have to be there when the routes come.
 */
export function configureHttp(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance();
  app.setGlobalPrefix(API_PREFIX, { exclude: WITHOUT_PREFIX });
  app.useGlobalPipes(new InputPipe());
  app.useGlobalFilters(app.get(ProblemFilter));
  app.get(RouteTable).register(server);
  app.get(RequestLog).register(server);
  app.get(RequestMetrics).register(server);
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  addSecurityHeaders(server);
  app.get(Draining).register(server);
  app.get(AccessControl).register(server);
  endSlowBodies(server);
  addBodyParsers(server);
  addEntityTags(server);
  app.get(Idempotency).register(server);
  app.get(Upgrades).register(server);
}
