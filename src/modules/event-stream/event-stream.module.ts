import { Module } from '@nestjs/common';
import { EventLogDataModule } from '../../data/event-log/event-log-data.module.js';
import { EventStreamGauge } from './event-stream-gauge.js';
import { EventStreamSettings } from './event-stream-settings.js';
import { EventStreamController } from './event-stream.controller.js';
import { EventStreamResponder } from './event-stream.responder.js';
import { EventStreamService } from './event-stream.service.js';
import { LogTail } from './log-tail.js';

@Module({
  imports: [EventLogDataModule],
  controllers: [EventStreamController],
  providers: [EventStreamGauge, EventStreamResponder, EventStreamService, EventStreamSettings, LogTail],
})
export class EventStreamModule {}
