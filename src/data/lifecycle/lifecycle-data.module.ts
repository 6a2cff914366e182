import { Module } from '@nestjs/common';
import { LifecycleRecords } from '../../domain/lifecycle/lifecycle-records.js';
import { AgentInstancesDataModule } from '../agent-instances/agent-instances-data.module.js';
import { MongoLifecycleRecords } from './lifecycle.repository.js';

@Module({
  imports: [AgentInstancesDataModule],
  providers: [{ provide: LifecycleRecords, useClass: MongoLifecycleRecords }],
  exports: [LifecycleRecords],
})
export class LifecycleDataModule {}
