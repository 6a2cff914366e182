import type { AgentInstanceId, ProjectId, RunId, TenantId } from '../ids.js';
import type { ManagedInstance } from '../lifecycle/managed-instance.js';
import { PRESENT_STATES } from '../lifecycle/lifecycle-states.js';
import type { Lifecycle, PinnedImage, Replica } from '../lifecycle/lifecycle.js';
import { followersOf } from '../lifecycle/replicas.js';

export interface InstanceFact extends Pick<ManagedInstance, 'id' | 'projectId' | 'manifest' | 'removedAt'> {
  readonly lifecycle: Pick<Lifecycle, 'desired' | 'state' | 'retryAt'> & {
    readonly replicas: readonly Pick<Replica, 'index' | 'state' | 'companionId'>[];
    readonly image?: Pick<PinnedImage, 'companion'> | null;
  };
}

/** What the documents themselves say: the truth that a ledger is put right by. */
export interface Facts {
  /** Whose document was found, removed ones among those that were named. */
  readonly instances: readonly InstanceFact[];
  /** Seats that are given and whose agents are not made yet. */
  readonly pending: readonly { readonly id: AgentInstanceId; readonly projectId: ProjectId }[];
  readonly runs: readonly { readonly id: RunId; readonly projectId: ProjectId; readonly open: boolean }[];
}

export abstract class QuotaFacts {
  /** All that is alive in a tenant, and of what is named also what is not. */
  abstract all(
    tenantId: TenantId,
    named: { readonly instances: readonly AgentInstanceId[]; readonly runs: readonly RunId[] },
  ): Promise<Facts>;
  /** These instances, as far as they are found. */
  abstract instances(tenantId: TenantId, ids: readonly AgentInstanceId[]): Promise<readonly InstanceFact[]>;
}

/**
 * Whether an instance takes up what it needs to run: from the moment it is asked to run until it has come to rest, stopped,
 * removed, or failed with no attempt to come.
 */
export function takesUp({ lifecycle, removedAt }: InstanceFact): boolean {
  const { desired, state, retryAt } = lifecycle;
  if (removedAt !== null || state === 'removed') return false;
  if (followersOf(lifecycle).some((replica) => PRESENT_STATES.includes(replica.state))) return true;
  if (state === 'failed' && retryAt === null) return false;
  return desired.state === 'running' || desired.state === 'paused' || PRESENT_STATES.includes(state);
}

/**
 * How many replicas an instance takes up that does: those that are to be, and those that are to go until they are gone.
 */
export function replicasTaken({ desired, replicas }: InstanceFact['lifecycle']): number {
  const isWantedUp = desired.state === 'running' || desired.state === 'paused';
  return Math.max(isWantedUp ? desired.replicas : 1, replicas.length);
}
