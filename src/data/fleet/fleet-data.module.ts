import { Module } from '@nestjs/common';
import { FleetCensus } from '../../domain/telemetry/fleet-census.js';
import { AgentInstancesDataModule } from '../agent-instances/agent-instances-data.module.js';
import { MongoFleetCensus } from './mongo-fleet-census.js';

@Module({
  imports: [AgentInstancesDataModule],
  providers: [{ provide: FleetCensus, useClass: MongoFleetCensus }],
  exports: [FleetCensus],
})
export class FleetDataModule {}
