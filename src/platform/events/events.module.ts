import { Global, Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { DomainEventBus } from './domain-event-bus.js';
import { LogGrowth } from './log-growth.js';

/** The in-process event bus, and word of what this process has logged. */
@Global()
@Module({
  imports: [EventEmitterModule.forRoot()],
  providers: [DomainEventBus, LogGrowth],
  exports: [DomainEventBus, LogGrowth],
})
export class EventsModule {}
