import { Module } from '@nestjs/common';
import { AgentInstancesDataModule } from '../../data/agent-instances/agent-instances-data.module.js';
import { AgentSnapshotsDataModule } from '../../data/agent-snapshots/agent-snapshots-data.module.js';
import { ProjectsDataModule } from '../../data/projects/projects-data.module.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { ProjectsModule } from '../projects/projects.module.js';
import { QuotasModule } from '../quotas/quotas.module.js';
import { TemplatesModule } from '../templates/templates.module.js';
import { AgentInstancesController } from './agent-instances.controller.js';
import { AgentInstancesService } from './agent-instances.service.js';
import { InstanceEdits } from './instance-edits.js';
import { InstanceRevisionsController } from './instance-revisions.controller.js';
import { InstanceRevisionsService } from './instance-revisions.service.js';
import { Removals } from './removals.js';
import { RosterListener } from './roster.listener.js';
import { RosterSweeper } from './roster.sweeper.js';
import { SettledSnapshots } from './settled-snapshots.js';
import { SnapshotRestores } from './snapshot-restores.js';
import { Snapshots } from './snapshots.js';

@Module({
  imports: [
    AgentInstancesDataModule,
    AgentSnapshotsDataModule,
    LifecycleModule,
    ProjectsDataModule,
    ProjectsModule,
    QuotasModule,
    TemplatesModule,
  ],
  controllers: [AgentInstancesController, InstanceRevisionsController],
  providers: [
    AgentInstancesService,
    InstanceEdits,
    InstanceRevisionsService,
    Removals,
    RosterListener,
    RosterSweeper,
    SettledSnapshots,
    SnapshotRestores,
    Snapshots,
  ],
  exports: [AgentInstancesService],
})
export class AgentInstancesModule {}
