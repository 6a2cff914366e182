import type { AgentInstanceId, ProjectId, RunId } from '../ids.js';
import { AGENT_SERVER_LIMITS, countsCompanion, type CompanionFacts } from '../lifecycle/companion.js';
import type { ManagedInstance } from '../lifecycle/managed-instance.js';
import { RESOURCE_BOUNDS } from '../templates/manifest-bounds.js';
import type { Manifest } from '../templates/manifest.js';
import { exact, type Amounts } from './quota.js';

/**
 * What one thing takes up: an agent its seat, an agent that is to run its replicas, CPUs and memory, a run its place.
 * Kept by the thing's id, so that taking it twice takes it once, and giving it back twice gives it back once.
 */
export interface Holding {
  readonly kind: 'seat' | 'running' | 'run';
  readonly id: AgentInstanceId | RunId;
  readonly projectId: ProjectId;
  readonly amounts: Amounts;
  /**
   * Of `running`: the generation of the instance in which it was claimed. While the instance still has it, the request
   * that the claim was made for is not written yet. 0 for the others.
   */
  readonly generation: number;
  readonly claimedAt: Date;
}

export type HoldingKey = `${Holding['kind']}:${string}`;

export const holdingKey = ({ kind, id }: Pick<Holding, 'kind' | 'id'>): HoldingKey => `${kind}:${id}`;

export const seatHolding = (id: AgentInstanceId, projectId: ProjectId, claimedAt = new Date()): Holding => ({
  kind: 'seat',
  id,
  projectId,
  amounts: { instances: 1 },
  generation: 0,
  claimedAt,
});

export const runHolding = (id: RunId, projectId: ProjectId, claimedAt = new Date()): Holding => ({
  kind: 'run',
  id,
  projectId,
  amounts: { runs: 1 },
  generation: 0,
  claimedAt,
});

/** What says how much an agent needs to run. */
export interface RunningNeeds extends Pick<ManagedInstance, 'id' | 'projectId' | 'manifest'> {
  /** null: it is not made yet. @default null */
  readonly lifecycle?: CompanionFacts | null;
}

/** What an agent needs to run, its companion included, as many times as it is to run. */
export const runningHolding = (
  { id, projectId, manifest, lifecycle = null }: RunningNeeds,
  replicas: number,
  generation: number,
  claimedAt = new Date(),
): Holding => ({
  kind: 'running',
  id,
  projectId,
  amounts: demandOf(manifest, countsCompanion(manifest, lifecycle), replicas),
  generation,
  claimedAt,
});

/** A manifest that cannot be used counts as its defaults: it fails at the start, and then gives back what it held. */
function demandOf({ resources }: Manifest, companion: boolean, replicas: number): Amounts {
  const of = (name: 'cpus' | 'memoryMiB'): number => {
    const asked: unknown = resources?.[name];
    const { min, max, fallback } = RESOURCE_BOUNDS[name];
    const own = typeof asked === 'number' && asked >= min && asked <= max ? asked : fallback;
    return companion ? own + AGENT_SERVER_LIMITS[name] : own;
  };
  return { replicas, cpus: exact(of('cpus') * replicas), memoryMiB: Math.ceil(of('memoryMiB') * replicas) };
}
