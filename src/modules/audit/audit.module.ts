import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { EventLogDataModule } from '../../data/event-log/event-log-data.module.js';
import { OutboxModule } from '../../data/outbox/outbox.module.js';
import { CheckpointStore } from '../../domain/events/checkpoint.js';
import { DirectEventAppender } from '../../domain/events/direct-event-appender.js';
import { Configuration } from '../../platform/config/configuration.js';
import { FileCheckpointStore } from '../../platform/events/file-checkpoint-store.js';
import { AuditController } from './audit.controller.js';
import { AuditService } from './audit.service.js';
import { CheckpointWriter } from './checkpoint-writer.js';
import { EventLogAppender } from './event-log-appender.js';
import { OutboxGauges } from './outbox-gauges.js';
import { OutboxRelay } from './outbox.relay.js';
import { OutboxSweeper } from './outbox.sweeper.js';

/** The event log, which is the audit log. Global, because platform/http appends refusals through DirectEventAppender. */
@Global()
@Module({
  imports: [EventLogDataModule, OutboxModule],
  controllers: [AuditController],
  providers: [
    AuditService,
    CheckpointWriter,
    EventLogAppender,
    OutboxGauges,
    OutboxRelay,
    OutboxSweeper,
    { provide: DirectEventAppender, useExisting: EventLogAppender },
    {
      provide: CheckpointStore,
      inject: [Configuration],
      useFactory: ({ dataDir }: Configuration) => new FileCheckpointStore(join(dataDir, 'checkpoints')),
    },
  ],
  exports: [AuditService, DirectEventAppender],
})
export class AuditModule {}
