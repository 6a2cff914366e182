import { Module } from '@nestjs/common';
import { AgentRuns } from '../../domain/lifecycle/agent-runs.js';
import { DueRecords } from '../../domain/lifecycle/due-work.js';
import { LifecycleRecords } from '../../domain/lifecycle/lifecycle-records.js';
import { PortRecords } from '../../domain/lifecycle/port-records.js';
import { UpkeepRecords } from '../../domain/lifecycle/upkeep-records.js';
import { UplinkRecords } from '../../domain/network/uplink-records.js';
import { AgentInstancesDataModule } from '../agent-instances/agent-instances-data.module.js';
import { MongoAgentRuns } from './agent-runs.repository.js';
import { MongoDueRecords } from './due.repository.js';
import { MongoLifecycleRecords } from './lifecycle.repository.js';
import { MongoPortRecords } from './port.repository.js';
import { MongoUpkeepRecords } from './upkeep.repository.js';
import { MongoUplinkRecords } from './uplink.repository.js';

@Module({
  imports: [AgentInstancesDataModule],
  providers: [
    { provide: AgentRuns, useClass: MongoAgentRuns },
    { provide: DueRecords, useClass: MongoDueRecords },
    { provide: LifecycleRecords, useClass: MongoLifecycleRecords },
    { provide: PortRecords, useClass: MongoPortRecords },
    { provide: UpkeepRecords, useClass: MongoUpkeepRecords },
    { provide: UplinkRecords, useClass: MongoUplinkRecords },
  ],
  exports: [AgentRuns, DueRecords, LifecycleRecords, PortRecords, UpkeepRecords, UplinkRecords],
})
export class LifecycleDataModule {}
