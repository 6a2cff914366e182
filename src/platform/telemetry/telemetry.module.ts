import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Telemetry } from '../../domain/telemetry/telemetry.js';
import { Log } from './log.js';
import { MetricsRegistry } from './metrics/metrics-registry.js';
import { PrometheusTelemetry } from './metrics/prometheus-telemetry.js';

/**
 * Gives the platform its log, and everybody what measures: Telemetry, and MetricsRegistry for gauges that are read. For the
 * log others use Nest's `new Logger(context)`, which ends up in it.
 */
@Global()
@Module({})
export class TelemetryModule {
  static forRoot(log: Log): DynamicModule {
    return {
      module: TelemetryModule,
      providers: [
        { provide: Log, useValue: log },
        MetricsRegistry,
        { provide: Telemetry, useClass: PrometheusTelemetry },
      ],
      exports: [Log, MetricsRegistry, Telemetry],
    };
  }
}
