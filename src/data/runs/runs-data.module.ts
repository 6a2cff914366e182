import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { RunRecords } from '../../domain/runs/run-records.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { outboxSourceProvider } from '../outbox/outbox-source.provider.js';
import { RUN_MODEL, runSchema } from './run.schema.js';
import { MongoRuns } from './runs.repository.js';

@Module({
  imports: [OutboxModule, MongooseModule.forFeature([{ name: RUN_MODEL, schema: runSchema }])],
  providers: [{ provide: RunRecords, useClass: MongoRuns }, outboxSourceProvider('run', RUN_MODEL)],
  // quotas read the same documents, through a port of their own
  exports: [RunRecords, MongooseModule],
})
export class RunsDataModule {}
