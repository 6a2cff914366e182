import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { Configuration } from './platform/config/configuration.js';
import { requireFolder } from './platform/config/require-folder.js';
import type { Environment } from './platform/config/read-settings.js';
import { configureHttp } from './platform/http/configure-http.js';
import { requestId } from './platform/http/request-id.js';
import { serveDocs } from './platform/http/serve-docs.js';
import { refuseUnreadable } from './platform/http/refuse-unreadable.js';
import { refuseUnroutable } from './platform/http/refuse-unroutable.js';
import { RouteTable } from './platform/http/route-table.js';
import { Log } from './platform/telemetry/log.js';

/**
 * A whole Muster for an environment, initialised and not listening yet. Several can live in one process, each with its
 * own DATA_DIR. close() finishes what is in flight and stops everything, the embedded database last.
 * @throws DomainError CONFIGURATION_INVALID, DATABASE_UNAVAILABLE
 */
export async function createApp(environment: Environment): Promise<NestFastifyApplication> {
  const configuration = Configuration.from(environment);
  await requireFolder('DATA_DIR', configuration.dataDir);
  const log = new Log({ level: configuration.logLevel, format: configuration.logFormat });
  const adapter = new FastifyAdapter({
    bodyLimit: configuration.bodyLimit,
    genReqId: requestId,
    requestIdHeader: false,
    // Nothing here uses Express-style middleware, and looking for some would cost every request.
    skipMiddie: true,
    forceCloseConnections: 'idle',
    frameworkErrors: refuseUnroutable,
    clientErrorHandler: refuseUnreadable,
    // An upload may take hours. Headers have Node's own time, bodies theirs: see slow-bodies.ts.
    requestTimeout: 0,
    // Of a body that is passed on, as files are: some of it can come while the rest is on its way.
    http: { highWaterMark: 256 * 1024 },
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(configuration, log), adapter, {
    logger: log,
    bodyParser: false,
    abortOnError: false,
  });
  try {
    configureHttp(app);
    serveDocs(app);
    await app.init();
    app.get(RouteTable).assertEveryRouteHasARule();
    await adapter.getInstance().ready();
    return app;
  } catch (error) {
    // What has been started by now, an embedded database above all, must not outlive a start that failed.
    await app.close();
    throw error;
  }
}
