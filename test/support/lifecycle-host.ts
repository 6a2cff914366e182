import { EventEmitter2 } from '@nestjs/event-emitter';
import type { DomainEvent } from '../../src/domain/events/domain-events.js';
import { type AgentInstanceId, type InstallationId, type ProjectId } from '../../src/domain/ids.js';
import type { Installations } from '../../src/domain/installation.js';
import type { AgentSnapshots } from '../../src/domain/agent-snapshots/agent-snapshots.repository.js';
import type { ArchiveStore } from '../../src/domain/agent-snapshots/archive-store.js';
import type { DueRecords } from '../../src/domain/lifecycle/due-work.js';
import type { LifecycleRecords } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { UpkeepRecords } from '../../src/domain/lifecycle/upkeep-records.js';
import type { SecretVault } from '../../src/domain/secrets/secret-vault.js';
import type { Projects } from '../../src/domain/projects/projects.repository.js';
import { AgentConnections } from '../../src/modules/lifecycle/agent-connections.js';
import { AgentFolders } from '../../src/modules/lifecycle/agent-folders.js';
import { BoundedExec } from '../../src/modules/lifecycle/bounded-exec.js';
import { ContainerPlanner } from '../../src/modules/lifecycle/container-planner.js';
import { ProjectSlugs } from '../../src/modules/lifecycle/project-slugs.js';
import { ReplicaRoutes } from '../../src/modules/lifecycle/replica-routes.js';
import { DueWatch } from '../../src/modules/lifecycle/due-watch.js';
import { HookUplinks } from '../../src/modules/lifecycle/hook-uplinks.js';
import { HostHooks } from '../../src/modules/lifecycle/host-hooks.js';
import { HostMounts } from '../../src/modules/lifecycle/host-mounts.js';
import { ImageResolver } from '../../src/modules/lifecycle/image-resolver.js';
import { LifecycleNews } from '../../src/modules/lifecycle/lifecycle-news.js';
import { LifecycleNotifier } from '../../src/modules/lifecycle/lifecycle-notifier.js';
import { LifecycleSettings } from '../../src/modules/lifecycle/lifecycle-settings.js';
import { LifecycleWaiter } from '../../src/modules/lifecycle/lifecycle-waiter.js';
import { LifecycleRequests } from '../../src/modules/lifecycle/lifecycle-requests.js';
import { LifecycleService } from '../../src/modules/lifecycle/lifecycle.service.js';
import type { PoolSettings } from '../../src/modules/lifecycle/pool/pool-settings.js';
import { PortPolicy } from '../../src/modules/lifecycle/ports/port-policy.js';
import { Engine } from '../../src/modules/lifecycle/reconciler/engine.js';
import { EarlyLeases } from '../../src/modules/lifecycle/reconciler/early-leases.js';
import { EngineWatch } from '../../src/modules/lifecycle/reconciler/engine-watch.js';
import { InstanceWorker } from '../../src/modules/lifecycle/reconciler/instance-worker.js';
import { OrphanRemoval } from '../../src/modules/lifecycle/reconciler/orphan-removal.js';
import { Reconciler } from '../../src/modules/lifecycle/reconciler/reconciler.service.js';
import { Resync } from '../../src/modules/lifecycle/reconciler/resync.js';
import { StepRunner } from '../../src/modules/lifecycle/reconciler/step-runner.js';
import { AgentArrival } from '../../src/modules/lifecycle/steps/agent-arrival.js';
import { AgentSteps } from '../../src/modules/lifecycle/steps/agent-steps.js';
import { ContainerSteps } from '../../src/modules/lifecycle/steps/container-steps.js';
import { HookCompany } from '../../src/modules/lifecycle/steps/hook-company.js';
import { HookSteps } from '../../src/modules/lifecycle/steps/hook-steps.js';
import { PowerSteps } from '../../src/modules/lifecycle/steps/power-steps.js';
import { PreStopHook } from '../../src/modules/lifecycle/steps/pre-stop.js';
import { SecretDelivery } from '../../src/modules/lifecycle/steps/secret-delivery.js';
import { SeedSteps } from '../../src/modules/lifecycle/steps/seed-steps.js';
import { WorkspaceAccess } from '../../src/modules/lifecycle/steps/workspace-access.js';
import { WorkspaceCaptureService } from '../../src/modules/lifecycle/workspace-capture.service.js';
import { AgentUseService } from '../../src/modules/lifecycle/upkeep/agent-use.service.js';
import { HealthChecks } from '../../src/modules/lifecycle/upkeep/health-checks.js';
import { HealthProbes } from '../../src/modules/lifecycle/upkeep/health-probes.js';
import type { Configuration } from '../../src/platform/config/configuration.js';
import { DomainEventBus } from '../../src/platform/events/domain-event-bus.js';
import type { Draining } from '../../src/platform/http/draining.js';
import { type FakeRuntime } from './fake-runtime.js';
import { OpenQuotas } from './open-quotas.js';
import { RecordingTelemetry } from './recording-telemetry.js';
import { poolParts, type PoolParts, type PoolRepositories } from './pool-parts.js';

/** Short enough for a test, with the proportions of the real ones. */
const TIMES: Partial<LifecycleSettings> = {
  leaseMs: 1500,
  renewEveryMs: 200,
  callTimeoutMs: 150,
  pollMs: 20,
  resyncMs: 200,
  orphanGraceMs: 300,
  engineRetryMs: 10,
  engineRetryLongestMs: 50,
  waiterPollMs: 20,
  useMs: 1500,
  useRenewEveryMs: 200,
  shutdownMs: 2000,
  policy: { baseMs: 10, longestMs: 100, limit: 5, stableMs: 60_000 },
};

/** Where snapshots are: documents and files, both real. */
export interface KeptSnapshots {
  readonly snapshots: AgentSnapshots;
  readonly archives: ArchiveStore;
}

/** One Muster's lifecycle: everything real but the engine and what other rooms provide. */
export class LifecycleHost {
  readonly events: DomainEvent[] = [];
  /** What the operator allows to run on the host. */
  readonly hostHooks: string[] = [];
  readonly connections: AgentConnections;
  readonly planner: ContainerPlanner;
  readonly reconciler: Reconciler;
  readonly service: LifecycleService;
  readonly requests: LifecycleRequests;
  readonly use: AgentUseService;
  readonly health: HealthChecks;
  readonly capture: WorkspaceCaptureService;
  readonly draining = new AbortController();
  readonly telemetry = new RecordingTelemetry();
  readonly warm: PoolParts;
  private started = false;

  constructor(
    readonly records: LifecycleRecords,
    readonly runtime: FakeRuntime,
    installation: InstallationId,
    folder: string,
    overrides: Partial<LifecycleSettings>,
    upkeep: UpkeepRecords,
    pool: PoolRepositories & { readonly settings: Partial<PoolSettings> },
    kept: KeptSnapshots,
    vault: SecretVault,
    dueRecords: DueRecords,
  ) {
    const settings = new LifecycleSettings({ ...TIMES, ...overrides });
    const bus = new DomainEventBus(new EventEmitter2());
    const images = new ImageResolver(runtime, settings);
    const configuration = {
      dataDir: folder,
      artifactsDir: `${folder}/artifacts`,
      agentImage: 'muster/agent',
      hostMountRoots: [],
      hostHooks: this.hostHooks,
      portBindAddresses: [],
      egress: { allow: [] },
    } as unknown as Configuration;
    const hostHooks = new HostHooks(configuration);
    const installations: Installations = { current: async () => Promise.resolve(installation) };
    const projects = { find: async (id: ProjectId) => Promise.resolve({ id, slug: 'web-app' }) };
    this.planner = new ContainerPlanner(
      configuration,
      installations,
      new ProjectSlugs(projects as unknown as Projects),
      images,
      new HostMounts(configuration),
      hostHooks,
      new PortPolicy(configuration),
      vault,
      runtime,
    );
    this.connections = new AgentConnections(runtime);
    const engine = new Engine(runtime, settings);
    const folders = new AgentFolders();
    const { planner, connections, telemetry } = this;
    const ground = {
      ...pool,
      records,
      runtime,
      planner,
      folders,
      connections,
      configuration,
      telemetry,
      lifecycle: settings,
    };
    this.warm = poolParts(ground, pool.settings);
    const exec = new BoundedExec(runtime);
    const probes = new HealthProbes(planner, connections, exec);
    const arrival = new AgentArrival(engine, planner, connections, probes);
    const secrets = new SecretDelivery(vault, engine, arrival);
    const containers = new ContainerSteps(engine, this.planner, folders, this.connections, this.warm.pool);
    const power = new PowerSteps(engine, this.connections, new PreStopHook(engine, exec, this.planner));
    const access = new WorkspaceAccess(engine, this.planner, folders);
    const runner = new StepRunner(
      containers,
      new AgentSteps(
        records,
        engine,
        arrival,
        new HookSteps(engine, this.planner, hostHooks, new HookCompany(engine, folders, secrets, new HookUplinks())),
        secrets,
      ),
      power,
      new SeedSteps(containers, access, folders, this.planner, kept.snapshots, kept.archives),
      upkeep,
    );
    const notifier = new LifecycleNotifier();
    const due = new DueWatch(dueRecords, settings);
    const watch = new EngineWatch(runtime, records, this.planner, settings, this.telemetry);
    const orphans = new OrphanRemoval(records, runtime, engine, this.planner, folders, settings);
    const early = new EarlyLeases();
    this.reconciler = new Reconciler(
      records,
      due,
      runtime,
      new InstanceWorker(runner, watch, settings, this.telemetry),
      new Resync(records, runtime, this.planner, orphans, this.warm.sweep, watch, settings),
      watch,
      this.warm.sweep,
      notifier,
      this.connections,
      bus,
      settings,
      this.telemetry,
      early,
    );
    const draining = { signal: this.draining.signal } as Draining;
    const waiter = new LifecycleWaiter(new LifecycleNews(records, notifier, settings), draining);
    this.requests = new LifecycleRequests(records, new OpenQuotas(), settings, early);
    this.service = new LifecycleService(
      records,
      this.requests,
      upkeep,
      waiter,
      notifier,
      runtime,
      this.planner,
      this.connections,
      new ReplicaRoutes(this.connections, this.planner, settings),
      bus,
    );
    this.capture = new WorkspaceCaptureService(
      records,
      runtime,
      this.planner,
      containers,
      power,
      access,
      this.reconciler,
      notifier,
      bus,
      settings,
    );
    this.use = new AgentUseService(upkeep, waiter, this.reconciler, settings, draining);
    this.health = new HealthChecks(upkeep, due, probes, this.reconciler, notifier, settings);
    bus.onAny((event) => {
      this.events.push(event);
      if (this.started && event.type === 'lifecycle.requested')
        this.reconciler.wake(event.subject.id as AgentInstanceId);
    });
  }

  start(): this {
    this.started = true;
    this.reconciler.onApplicationBootstrap();
    this.use.onApplicationBootstrap();
    this.health.onApplicationBootstrap();
    this.warm.filler.onApplicationBootstrap();
    return this;
  }

  async stop(): Promise<void> {
    this.use.beforeApplicationShutdown();
    await this.health.beforeApplicationShutdown();
    await Promise.all([this.reconciler.beforeApplicationShutdown(), this.warm.filler.beforeApplicationShutdown()]);
  }
}
