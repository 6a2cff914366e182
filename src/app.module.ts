import { join } from 'node:path';
import { Module, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { DataModule } from './data/database/data.module.js';
import { DatabaseCheck } from './data/database/database-check.js';
import { MongoFailureTranslator } from './data/database/mongo-failure-translator.js';
import { IdempotencyDataModule } from './data/idempotency/idempotency-data.module.js';
import { InstallationDataModule } from './data/installation/installation-data.module.js';
import { AgentInstancesModule } from './modules/agent-instances/agent-instances.module.js';
import { AgentManagerModule } from './modules/agent-manager/agent-manager.module.js';
import { AgentSnapshotsModule } from './modules/agent-snapshots/agent-snapshots.module.js';
import { AuditModule } from './modules/audit/audit.module.js';
import { EventStreamModule } from './modules/event-stream/event-stream.module.js';
import { FilesModule } from './modules/files/files.module.js';
import { IdentityModule } from './modules/identity/identity.module.js';
import { LifecycleModule } from './modules/lifecycle/lifecycle.module.js';
import { McpModule } from './modules/mcp/mcp.module.js';
import { MetricsModule } from './modules/metrics/metrics.module.js';
import { NetworkModule } from './modules/network/network.module.js';
import { ProjectsModule } from './modules/projects/projects.module.js';
import { QuotasModule } from './modules/quotas/quotas.module.js';
import { SandboxModule } from './modules/sandbox/sandbox.module.js';
import { SecretsModule } from './modules/secrets/secrets.module.js';
import { TerminalsModule } from './modules/terminals/terminals.module.js';
import { TemplatesModule } from './modules/templates/templates.module.js';
import { ArchivesModule } from './platform/archives/archives.module.js';
import { ConfigModule } from './platform/config/config.module.js';
import { Configuration } from './platform/config/configuration.js';
import { CryptoModule } from './platform/crypto/crypto.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { EventsModule } from './platform/events/events.module.js';
import { Draining } from './platform/http/draining.js';
import { HttpModule } from './platform/http/http.module.js';
import { RefusalLog } from './platform/http/refusal-log.js';
import type { Log } from './platform/telemetry/log.js';
import { TelemetryModule } from './platform/telemetry/telemetry.module.js';
import type { RuntimeOptions } from './runtime/runtime-options.js';
import { RuntimeModule } from './runtime/runtime.module.js';

/** Everything, put together. */
@Module({})
export class AppModule implements OnModuleDestroy {
  constructor(
    private readonly draining: Draining,
    private readonly refusals: RefusalLog,
  ) {}

  static forRoot(configuration: Configuration, log: Log): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(configuration),
        TelemetryModule.forRoot(log),
        EventsModule,
        CryptoModule,
        ArchivesModule,
        DatabaseModule,
        DataModule,
        IdempotencyDataModule,
        InstallationDataModule,
        RuntimeModule.forRootAsync({ inject: [Configuration], useFactory: runtimeOptions }),
        HttpModule.forRoot({
          failureTranslators: [MongoFailureTranslator],
          readinessChecks: [DatabaseCheck],
        }),
        AuditModule,
        EventStreamModule,
        IdentityModule,
        TemplatesModule,
        QuotasModule,
        ProjectsModule,
        AgentInstancesModule,
        SecretsModule,
        LifecycleModule,
        AgentSnapshotsModule,
        SandboxModule,
        MetricsModule,
        FilesModule,
        AgentManagerModule,
        TerminalsModule,
        NetworkModule,
        McpModule,
      ],
    };
  }

  /** The root module's hook runs before all others: requests in flight are finished while everything still works. */
  async onModuleDestroy(): Promise<void> {
    await this.draining.drain();
    await this.refusals.flush();
  }
}

function runtimeOptions(configuration: Configuration): RuntimeOptions {
  const { runtime, dockerHost, dataDir, agentBundle, agentFolder, agentImage, nodeEnv } = configuration;
  return {
    runtime,
    stateDir: join(dataDir, 'runtime'),
    agentBundle,
    agentFolder,
    agentImage,
    nodeEnv,
    ...(dockerHost !== undefined && { dockerHost }),
  };
}
