import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { EventLogStore } from '../../domain/events/event-log.js';
import { APPEND_LEASE_MODEL, appendLeaseSchema } from './append-lease.schema.js';
import { MongoEventLogStore } from './event-log.repository.js';
import { EVENT_LOG_MODEL, eventLogSchema } from './event-log.schema.js';

@Module({
  imports: [
    MongooseModule.forFeature([
      { name: EVENT_LOG_MODEL, schema: eventLogSchema },
      { name: APPEND_LEASE_MODEL, schema: appendLeaseSchema },
    ]),
  ],
  providers: [{ provide: EventLogStore, useClass: MongoEventLogStore }],
  exports: [EventLogStore],
})
export class EventLogDataModule {}
