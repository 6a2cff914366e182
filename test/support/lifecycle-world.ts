import mongoose, { type Connection } from 'mongoose';
import { fromAgentInstance } from '../../src/data/agent-instances/agent-instance.mapper.js';
import {
  AGENT_INSTANCE_MODEL,
  agentInstanceSchema,
  type AgentInstanceRecord,
} from '../../src/data/agent-instances/agent-instance.schema.js';
import { MongoFleetCensus } from '../../src/data/fleet/mongo-fleet-census.js';
import { MongoAgentRuns } from '../../src/data/lifecycle/agent-runs.repository.js';
import { MongoDueRecords } from '../../src/data/lifecycle/due.repository.js';
import { MongoLifecycleRecords } from '../../src/data/lifecycle/lifecycle.repository.js';
import { MongoPortRecords } from '../../src/data/lifecycle/port.repository.js';
import { MongoUpkeepRecords } from '../../src/data/lifecycle/upkeep.repository.js';
import { MongoUplinkRecords } from '../../src/data/lifecycle/uplink.repository.js';
import { workspacePathOf, type AgentInstance } from '../../src/domain/agent-instances/agent-instance.js';
import {
  newId,
  type AgentInstanceId,
  type InstallationId,
  type ProjectId,
  type TemplateId,
  type TenantId,
} from '../../src/domain/ids.js';
import { INITIAL_LIFECYCLE } from '../../src/domain/lifecycle/lifecycle.js';
import {
  AGENT_SNAPSHOT_MODEL,
  agentSnapshotSchema,
  type AgentSnapshotRecord,
} from '../../src/data/agent-snapshots/agent-snapshot.schema.js';
import { MongoAgentSnapshots } from '../../src/data/agent-snapshots/agent-snapshots.repository.js';
import type { InstancePath, LifecycleRecords } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../src/domain/lifecycle/managed-instance.js';
import { type LifecycleSettings } from '../../src/modules/lifecycle/lifecycle-settings.js';
import type { PoolSettings } from '../../src/modules/lifecycle/pool/pool-settings.js';
import { FileArchiveStore } from '../../src/platform/archives/file-archive-store.js';
import { testDatabase, type TestDatabase } from './database.js';
import { FakeEngine } from './fake-engine.js';
import { FakeRuntime } from './fake-runtime.js';
import { LifecycleHost, type KeptSnapshots } from './lifecycle-host.js';
import { OpenVault } from './open-vault.js';
import { poolRepositories, type PoolRepositories } from './pool-parts.js';
import { temporaryFolder } from './temporary-folder.js';

/** As the application's own connection. */
const CONCERNS = { writeConcern: { w: 'majority', journal: true }, readConcern: { level: 'majority' } } as const;

/** A database, an engine and any number of Musters on both. */
export class LifecycleWorld {
  readonly tenantId = newId<TenantId>();
  readonly projectId = newId<ProjectId>();
  readonly installation = newId<InstallationId>();
  readonly engine = new FakeEngine();
  readonly vault = new OpenVault();
  private readonly hosts: LifecycleHost[] = [];

  private constructor(
    readonly database: TestDatabase,
    private readonly connection: Connection,
    readonly folder: string,
    private readonly removeFolder: () => Promise<void>,
    readonly pool: PoolRepositories,
    readonly kept: KeptSnapshots,
  ) {}

  static async create(): Promise<LifecycleWorld> {
    const database = await testDatabase();
    const connection = await mongoose.createConnection(database.uri, CONCERNS).asPromise();
    await connection.model(AGENT_INSTANCE_MODEL, agentInstanceSchema).init();
    const folder = await temporaryFolder();
    const pool = await poolRepositories(connection);
    const instances = connection.model<AgentInstanceRecord>(AGENT_INSTANCE_MODEL);
    const snapshots = connection.model<AgentSnapshotRecord>(AGENT_SNAPSHOT_MODEL, agentSnapshotSchema);
    await snapshots.init();
    const kept = {
      snapshots: new MongoAgentSnapshots(snapshots, instances),
      archives: new FileArchiveStore({ snapshotsDir: `${folder.path}/snapshots` }),
    };
    return new LifecycleWorld(database, connection, folder.path, () => folder.remove(), pool, kept);
  }

  get records(): MongoLifecycleRecords {
    return new MongoLifecycleRecords(this.connection.model<AgentInstanceRecord>(AGENT_INSTANCE_MODEL));
  }

  get runs(): MongoAgentRuns {
    return new MongoAgentRuns(this.connection.model<AgentInstanceRecord>(AGENT_INSTANCE_MODEL));
  }

  get upkeep(): MongoUpkeepRecords {
    return new MongoUpkeepRecords(this.connection.model<AgentInstanceRecord>(AGENT_INSTANCE_MODEL));
  }

  get due(): MongoDueRecords {
    return new MongoDueRecords(this.connection.model<AgentInstanceRecord>(AGENT_INSTANCE_MODEL));
  }

  get ports(): MongoPortRecords {
    return new MongoPortRecords(this.connection.model<AgentInstanceRecord>(AGENT_INSTANCE_MODEL));
  }

  get uplinks(): MongoUplinkRecords {
    return new MongoUplinkRecords(this.connection.model<AgentInstanceRecord>(AGENT_INSTANCE_MODEL));
  }

  get census(): MongoFleetCensus {
    return new MongoFleetCensus(this.connection.model<AgentInstanceRecord>(AGENT_INSTANCE_MODEL));
  }

  /** A Muster that does not reconcile yet. */
  host(
    overrides: Partial<LifecycleSettings> = {},
    records: LifecycleRecords = this.records,
    pool: Partial<PoolSettings> = {},
  ): LifecycleHost {
    const runtime = new FakeRuntime(this.engine);
    const parts = { ...this.pool, settings: pool };
    const { installation, folder, upkeep } = this;
    const host = new LifecycleHost(
      records,
      runtime,
      installation,
      folder,
      overrides,
      upkeep,
      parts,
      this.kept,
      this.vault,
      this.due,
    );
    this.hosts.push(host);
    return host;
  }

  async instance(changes: Partial<AgentInstance> = {}): Promise<InstancePath> {
    const id = newId<AgentInstanceId>();
    const instance: AgentInstance = {
      id,
      projectId: this.projectId,
      tenantId: this.tenantId,
      templateId: newId<TemplateId>(),
      templateVersion: 1,
      templateDigest: '0'.repeat(64),
      role: 'developer',
      displayName: 'Dev',
      identifier: `web-app-dev-${id.slice(-6)}`,
      tags: [],
      pid: null,
      soul: 'Ada',
      aieos_identity: null,
      systemPrompt: 'You are <%= soul %>.',
      tools: [],
      config: { model: 'any', provider: 'echo', skills: '', canWriteCode: false, mcpServers: [] },
      manifest: {},
      status: 'idle',
      openRuns: [],
      workspacePath: workspacePathOf(this.projectId, id),
      lifecycle: INITIAL_LIFECYCLE,
      revision: 1,
      createdAt: new Date(),
      updatedAt: new Date(),
      removedAt: null,
      ...changes,
    };
    await this.connection.model(AGENT_INSTANCE_MODEL).collection.insertOne({
      ...fromAgentInstance(instance),
      lastChange: { by: { type: 'system', id: 'test' }, at: new Date(), fields: [] },
      outbox: [],
    });
    return { tenantId: this.tenantId, projectId: this.projectId, id };
  }

  async read(path: InstancePath): Promise<ManagedInstance> {
    return (await this.records.find(path.id))!;
  }

  /** The events of its outbox, oldest first. */
  async outbox(path: InstancePath): Promise<{ type: string; data: Record<string, unknown> }[]> {
    const { Types } = mongoose;
    const record = await this.database.db
      .collection('agent_instances')
      .findOne({ _id: new Types.ObjectId(path.id) }, { projection: { outbox: 1 } });
    return record?.['outbox'] as { type: string; data: Record<string, unknown> }[];
  }

  async update(path: InstancePath, update: Record<string, unknown>): Promise<void> {
    await this.database.db
      .collection('agent_instances')
      .updateOne({ _id: new mongoose.Types.ObjectId(path.id) }, update);
  }

  async end(): Promise<void> {
    for (const host of this.hosts) await host.stop();
    await this.connection.close();
    await this.database.drop();
    await this.removeFolder();
  }
}
