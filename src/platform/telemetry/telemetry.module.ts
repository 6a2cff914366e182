import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Log } from './log.js';

/** Gives the platform its log. Others use Nest's `new Logger(context)`, which ends up in it. */
@Global()
@Module({})
export class TelemetryModule {
  static forRoot(log: Log): DynamicModule {
    return { module: TelemetryModule, providers: [{ provide: Log, useValue: log }], exports: [Log] };
  }
}
