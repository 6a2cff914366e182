import { Module } from '@nestjs/common';
import { AgentSnapshotsDataModule } from '../../data/agent-snapshots/agent-snapshots-data.module.js';
import { InstallationDataModule } from '../../data/installation/installation-data.module.js';
import { LifecycleDataModule } from '../../data/lifecycle/lifecycle-data.module.js';
import { PoolDataModule } from '../../data/pool/pool-data.module.js';
import { ProjectsDataModule } from '../../data/projects/projects-data.module.js';
import { WorkspaceCapture } from '../../domain/agent-snapshots/workspace-capture.js';
import { AgentUse } from '../../domain/lifecycle/agent-use.js';
import { DueWork } from '../../domain/lifecycle/due-work.js';
import { ImagePins } from '../../domain/lifecycle/image-pins.js';
import { HookCallers } from '../../domain/network/hook-callers.js';
import { QuotasModule } from '../quotas/quotas.module.js';
import { SecretsModule } from '../secrets/secrets.module.js';
import { Configuration } from '../../platform/config/configuration.js';
import { AgentConnections } from './agent-connections.js';
import { AgentFolders } from './agent-folders.js';
import { BoundedExec } from './bounded-exec.js';
import { ContainerPlanner } from './container-planner.js';
import { ProjectSlugs } from './project-slugs.js';
import { ReplicaRoutes } from './replica-routes.js';
import { DueWatch } from './due-watch.js';
import { HookUplinks } from './hook-uplinks.js';
import { HostHooks } from './host-hooks.js';
import { HostMounts } from './host-mounts.js';
import { ImageLookup } from './image-lookup.js';
import { ImageResolver } from './image-resolver.js';
import { LifecycleNews } from './lifecycle-news.js';
import { LifecycleNotifier } from './lifecycle-notifier.js';
import { LifecycleSettings } from './lifecycle-settings.js';
import { LifecycleRequests } from './lifecycle-requests.js';
import { LifecycleWaiter } from './lifecycle-waiter.js';
import { LifecycleController } from './lifecycle.controller.js';
import { LifecycleListener } from './lifecycle.listener.js';
import { LifecycleService } from './lifecycle.service.js';
import { LogResponder } from './log-responder.js';
import { StatsResponder } from './stats-responder.js';
import { PoolDemandNotes } from './pool/pool-demand-notes.js';
import { PoolFigures } from './pool/pool-figures.js';
import { PoolGauges } from './pool/pool-gauges.js';
import { PoolFiller } from './pool/pool-filler.js';
import { PoolPlaces } from './pool/pool-places.js';
import { PoolPreparation } from './pool/pool-preparation.js';
import { PoolRemoval } from './pool/pool-removal.js';
import { PoolRound } from './pool/pool-round.js';
import { PoolSettings } from './pool/pool-settings.js';
import { PoolSweep } from './pool/pool-sweep.js';
import { WarmPool } from './pool/warm-pool.js';
import { PortCarrier } from './ports/port-carrier.js';
import { PortKeeper } from './ports/port-keeper.js';
import { PortPolicy } from './ports/port-policy.js';
import { PortListener } from './ports/port.listener.js';
import { Engine } from './reconciler/engine.js';
import { EarlyLeases } from './reconciler/early-leases.js';
import { EngineWatch } from './reconciler/engine-watch.js';
import { InstanceWorker } from './reconciler/instance-worker.js';
import { OrphanRemoval } from './reconciler/orphan-removal.js';
import { ReconcilerGauges } from './reconciler/reconciler-gauges.js';
import { Reconciler } from './reconciler/reconciler.service.js';
import { Resync } from './reconciler/resync.js';
import { StepRunner } from './reconciler/step-runner.js';
import { AgentArrival } from './steps/agent-arrival.js';
import { AgentSteps } from './steps/agent-steps.js';
import { ContainerSteps } from './steps/container-steps.js';
import { HookCompany } from './steps/hook-company.js';
import { HookSteps } from './steps/hook-steps.js';
import { PowerSteps } from './steps/power-steps.js';
import { PreStopHook } from './steps/pre-stop.js';
import { SecretDelivery } from './steps/secret-delivery.js';
import { SeedSteps } from './steps/seed-steps.js';
import { WorkspaceAccess } from './steps/workspace-access.js';
import { AgentUseService } from './upkeep/agent-use.service.js';
import { HealthChecks } from './upkeep/health-checks.js';
import { HealthProbes } from './upkeep/health-probes.js';
import { WorkspaceCaptureService } from './workspace-capture.service.js';

@Module({
  imports: [
    AgentSnapshotsDataModule,
    LifecycleDataModule,
    PoolDataModule,
    ProjectsDataModule,
    InstallationDataModule,
    QuotasModule,
    SecretsModule,
  ],
  controllers: [LifecycleController],
  providers: [
    {
      provide: LifecycleSettings,
      inject: [Configuration],
      useFactory: (of: Configuration) => LifecycleSettings.from(of),
    },
    { provide: PoolSettings, inject: [Configuration], useFactory: (of: Configuration) => PoolSettings.from(of) },
    AgentArrival,
    AgentConnections,
    AgentFolders,
    AgentSteps,
    AgentUseService,
    { provide: AgentUse, useExisting: AgentUseService },
    BoundedExec,
    ContainerPlanner,
    ProjectSlugs,
    ContainerSteps,
    { provide: DueWork, useClass: DueWatch },
    Engine,
    EngineWatch,
    HealthChecks,
    HealthProbes,
    { provide: HookCallers, useExisting: HookUplinks },
    HookCompany,
    HookSteps,
    HookUplinks,
    HostHooks,
    HostMounts,
    { provide: ImagePins, useClass: ImageLookup },
    ImageResolver,
    InstanceWorker,
    LifecycleListener,
    LifecycleNotifier,
    LifecycleRequests,
    EarlyLeases,
    LifecycleService,
    LifecycleNews,
    LifecycleWaiter,
    LogResponder,
    OrphanRemoval,
    PoolDemandNotes,
    PoolFigures,
    PoolGauges,
    PoolFiller,
    PoolPlaces,
    PoolPreparation,
    PoolRemoval,
    PoolRound,
    PoolSweep,
    PortCarrier,
    PortKeeper,
    PortListener,
    PortPolicy,
    PowerSteps,
    PreStopHook,
    Reconciler,
    ReconcilerGauges,
    ReplicaRoutes,
    Resync,
    SecretDelivery,
    SeedSteps,
    StatsResponder,
    StepRunner,
    WarmPool,
    WorkspaceAccess,
    WorkspaceCaptureService,
    { provide: WorkspaceCapture, useExisting: WorkspaceCaptureService },
  ],
  exports: [LifecycleService, AgentUse, DueWork, HookCallers, ImagePins, WorkspaceCapture],
})
export class LifecycleModule {}
