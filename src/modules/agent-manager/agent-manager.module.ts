import { Module } from '@nestjs/common';
import { AgentInstancesDataModule } from '../../data/agent-instances/agent-instances-data.module.js';
import { AgentManagerDataModule } from '../../data/agent-manager/agent-manager-data.module.js';
import { AgentInstancesModule } from '../agent-instances/agent-instances.module.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { ProjectsModule } from '../projects/projects.module.js';
import { SandboxModule } from '../sandbox/sandbox.module.js';
import { TemplatesModule } from '../templates/templates.module.js';
import { AgentActions } from './agent-actions.js';
import { AgentManagerController } from './agent-manager.controller.js';
import { AgentManagerService } from './agent-manager.service.js';
import { ManifestKeys } from './manifest-keys.js';
import { SignedManifests } from './signed-manifests.js';
import { SpawnPlaces } from './spawn-places.js';

@Module({
  imports: [
    AgentManagerDataModule,
    AgentInstancesDataModule,
    AgentInstancesModule,
    LifecycleModule,
    ProjectsModule,
    SandboxModule,
    TemplatesModule,
  ],
  controllers: [AgentManagerController],
  providers: [AgentActions, AgentManagerService, ManifestKeys, SignedManifests, SpawnPlaces],
})
export class AgentManagerModule {}
