import { Module } from '@nestjs/common';
import { FleetDataModule } from '../../data/fleet/fleet-data.module.js';
import { FleetGauges } from './fleet-gauges.js';
import { MetricsController } from './metrics.controller.js';
import { TransitionCounter } from './transition-counter.js';

@Module({
  imports: [FleetDataModule],
  controllers: [MetricsController],
  providers: [FleetGauges, TransitionCounter],
})
export class MetricsModule {}
