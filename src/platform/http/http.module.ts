import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import type { FailureTranslator } from '../../domain/errors/failure-translator.js';
import type { ReadinessCheck } from '../../domain/health/readiness-check.js';
import { AccessControl } from './access-control.js';
import { Draining } from './draining.js';
import { HealthController, READINESS_CHECKS } from './health.controller.js';
import { FAILURE_TRANSLATORS, ProblemFilter } from './problem.filter.js';
import { Idempotency } from './idempotency/idempotency.js';
import { ProblemPagesController } from './problem-pages.controller.js';
import { RefusalLog } from './refusal-log.js';
import { RequestLog } from './request-log.js';
import { RequestMetrics } from './request-metrics.js';
import { RouteTable } from './route-table.js';
import { RuntimeCheck } from './runtime-check.js';
import { Upgrades } from './upgrades.js';
import { SchemasController } from '../schemas/schemas.controller.js';

export interface HttpModuleOptions {
  /** Exported by global modules. */
  readonly failureTranslators: readonly Type<FailureTranslator>[];
  readonly readinessChecks: readonly Type<ReadinessCheck>[];
}

const all = (...found: unknown[]): unknown[] => found;

/** What stands between the network and the controllers. */
@Global()
@Module({})
export class HttpModule {
  static forRoot({ failureTranslators, readinessChecks }: HttpModuleOptions): DynamicModule {
    return {
      module: HttpModule,
      controllers: [HealthController, ProblemPagesController, SchemasController],
      providers: [
        AccessControl,
        Draining,
        Idempotency,
        ProblemFilter,
        RefusalLog,
        RequestLog,
        RequestMetrics,
        RouteTable,
        RuntimeCheck,
        Upgrades,
        { provide: FAILURE_TRANSLATORS, useFactory: all, inject: [...failureTranslators] },
        { provide: READINESS_CHECKS, useFactory: all, inject: [...readinessChecks, RuntimeCheck] },
      ],
      exports: [
        AccessControl,
        Draining,
        Idempotency,
        ProblemFilter,
        RefusalLog,
        RequestLog,
        RequestMetrics,
        RouteTable,
        Upgrades,
      ],
    };
  }
}
