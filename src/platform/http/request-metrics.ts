import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { MetricsRegistry } from '../telemetry/metrics/metrics-registry.js';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * How long answers take, by route pattern and status. Streams are left out: they last as long as somebody reads them. What
 * finds no route has none for a label, so that nobody can make labels up.
 */
@Injectable()
export class RequestMetrics {
  private readonly answered;

  constructor(registry: MetricsRegistry) {
    this.answered = registry.histogram({
      name: 'agent_manager_http_request_duration_seconds',
      help: 'Answers of this process, but for streams, by route pattern',
      labels: ['method', 'route', 'status'],
      buckets: BUCKETS,
    });
  }

  register(server: FastifyInstance): void {
    server.addHook('onResponse', (request, reply, done) => {
      const type = reply.getHeader('content-type');
      const isStream = typeof type === 'string' && type.startsWith('text/event-stream');
      if (!isStream) {
        const route = request.routeOptions.url ?? 'none';
        const method = request.routeOptions.url === undefined ? 'any' : request.method;
        this.answered({ method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
      }
      done();
    });
  }
}
