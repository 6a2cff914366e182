import { Module } from '@nestjs/common';
import { AgentSnapshotsDataModule } from '../../data/agent-snapshots/agent-snapshots-data.module.js';
import { AgentInstancesModule } from '../agent-instances/agent-instances.module.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { AgentSnapshotsController } from './agent-snapshots.controller.js';
import { AgentSnapshotsService } from './agent-snapshots.service.js';
import { SnapshotLeftovers } from './snapshot-leftovers.js';
import { SnapshotMaking } from './snapshot-making.js';
import { SnapshotSettings } from './snapshot-settings.js';
import { SnapshotSweeper } from './snapshot-sweeper.js';
import { SnapshotUsesController } from './snapshot-uses.controller.js';

@Module({
  imports: [AgentInstancesModule, AgentSnapshotsDataModule, LifecycleModule],
  controllers: [AgentSnapshotsController, SnapshotUsesController],
  providers: [
    { provide: SnapshotSettings, useFactory: (): SnapshotSettings => new SnapshotSettings() },
    AgentSnapshotsService,
    SnapshotLeftovers,
    SnapshotMaking,
    SnapshotSweeper,
  ],
  exports: [AgentSnapshotsService],
})
export class AgentSnapshotsModule {}
