import type { Connection } from 'mongoose';
import {
  POOL_CONTAINER_MODEL,
  poolContainerSchema,
  type PoolContainerRecord,
} from '../../src/data/pool/pool-container.schema.js';
import { MongoPoolContainers } from '../../src/data/pool/pool-containers.repository.js';
import {
  POOL_DEMAND_MODEL,
  POOL_LEAD_MODEL,
  poolDemandSchema,
  poolLeadSchema,
  type PoolDemandRecord,
  type PoolLeadRecord,
} from '../../src/data/pool/pool-demand.schema.js';
import { MongoPoolDemands } from '../../src/data/pool/pool-demands.repository.js';
import type { LifecycleRecords } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { PoolContainers } from '../../src/domain/pool/pool-containers.repository.js';
import type { PoolDemands } from '../../src/domain/pool/pool-demands.repository.js';
import type { ContainerRuntime } from '../../src/domain/runtime/container-runtime.js';
import type { Telemetry } from '../../src/domain/telemetry/telemetry.js';
import type { AgentConnections } from '../../src/modules/lifecycle/agent-connections.js';
import type { AgentFolders } from '../../src/modules/lifecycle/agent-folders.js';
import type { ContainerPlanner } from '../../src/modules/lifecycle/container-planner.js';
import type { LifecycleSettings } from '../../src/modules/lifecycle/lifecycle-settings.js';
import { PoolDemandNotes } from '../../src/modules/lifecycle/pool/pool-demand-notes.js';
import { PoolFigures } from '../../src/modules/lifecycle/pool/pool-figures.js';
import { PoolFiller } from '../../src/modules/lifecycle/pool/pool-filler.js';
import { PoolPlaces } from '../../src/modules/lifecycle/pool/pool-places.js';
import { PoolPreparation } from '../../src/modules/lifecycle/pool/pool-preparation.js';
import { PoolRemoval } from '../../src/modules/lifecycle/pool/pool-removal.js';
import { PoolRound } from '../../src/modules/lifecycle/pool/pool-round.js';
import { PoolSettings } from '../../src/modules/lifecycle/pool/pool-settings.js';
import { PoolSweep } from '../../src/modules/lifecycle/pool/pool-sweep.js';
import { WarmPool } from '../../src/modules/lifecycle/pool/warm-pool.js';
import type { Configuration } from '../../src/platform/config/configuration.js';

/** Short enough for a test, with the proportions of the real ones. */
const TIMES: Partial<PoolSettings> = {
  leadMs: 600,
  renewLeadEveryMs: 100,
  lookMs: 20,
  rareLookMs: 100,
  quietMs: 10,
  longestQuietMs: 50,
  callTimeoutMs: 1_000,
  startTimeoutMs: 2_000,
  retryMs: 20,
  retryLongestMs: 100,
};

/** The pool's documents, in a test's own database. */
export interface PoolRepositories {
  readonly containers: PoolContainers;
  readonly demands: PoolDemands;
}

export async function poolRepositories(connection: Connection): Promise<PoolRepositories> {
  const containers = connection.model<PoolContainerRecord>(POOL_CONTAINER_MODEL, poolContainerSchema);
  const demands = connection.model<PoolDemandRecord>(POOL_DEMAND_MODEL, poolDemandSchema);
  const leads = connection.model<PoolLeadRecord>(POOL_LEAD_MODEL, poolLeadSchema);
  await Promise.all([containers.init(), demands.init(), leads.init()]);
  return { containers: new MongoPoolContainers(containers), demands: new MongoPoolDemands(demands, leads) };
}

/** What a pool stands on. */
export interface PoolGround extends PoolRepositories {
  readonly records: LifecycleRecords;
  readonly runtime: ContainerRuntime;
  readonly planner: ContainerPlanner;
  readonly folders: AgentFolders;
  readonly connections: AgentConnections;
  readonly configuration: Configuration;
  readonly lifecycle: LifecycleSettings;
  readonly telemetry: Telemetry;
}

export interface PoolParts {
  readonly pool: WarmPool;
  readonly filler: PoolFiller;
  readonly sweep: PoolSweep;
  readonly figures: PoolFigures;
}

/** One Muster's pool. There is none unless `overrides` give it a size. */
export function poolParts(ground: PoolGround, overrides: Partial<PoolSettings> = {}): PoolParts {
  const { containers, demands, records, runtime, planner, folders, connections, configuration, lifecycle } = ground;
  const settings = new PoolSettings({ ...TIMES, ...overrides });
  const places = new PoolPlaces(configuration);
  const notes = new PoolDemandNotes(demands);
  const figures = new PoolFigures();
  const removal = new PoolRemoval(containers, runtime, folders, connections, places, settings);
  const preparation = new PoolPreparation(containers, runtime, planner, folders, removal, places, settings);
  const round = new PoolRound(containers, demands, preparation, removal, figures, settings);
  return {
    pool: new WarmPool(containers, runtime, folders, connections, places, notes, settings, ground.telemetry),
    filler: new PoolFiller(demands, notes, runtime, round, settings),
    sweep: new PoolSweep(containers, records, runtime, removal, lifecycle),
    figures,
  };
}
