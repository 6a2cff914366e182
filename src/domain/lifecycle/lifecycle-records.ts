import type { AgentInstance } from '../agent-instances/agent-instance.js';
import type { Actor } from '../events/actor.js';
import type { DomainEvent } from '../events/domain-events.js';
import type { AgentInstanceId, ProjectId, TenantId } from '../ids.js';
import type { LifecycleAction, LifecycleState } from './lifecycle-states.js';
import type { LifecycleError, PinnedImage, Replica, Seed } from './lifecycle.js';
import type { ManagedInstance } from './managed-instance.js';
import type { TransitionReason } from './next-step.js';

/** Where an instance is found by a caller. */
export interface InstancePath {
  readonly tenantId: TenantId;
  readonly projectId: ProjectId;
  readonly id: AgentInstanceId;
}

/** The lease somebody holds. Every write of a holder names it, and fails once somebody else has taken it. */
export interface HeldLease {
  readonly id: AgentInstanceId;
  readonly owner: string;
  readonly epoch: number;
}

/** Who takes a lease, and for how long. */
export interface LeaseTerms {
  readonly owner: string;
  readonly ttlMs: number;
}

/** What somebody says beside the action. */
export interface AskedWith {
  /** How many it is to have from now on; as many as before when not given. */
  readonly replicas?: number | undefined;
  /** Why, in their own words. */
  readonly reason?: string | undefined;
}

/** An instance after a write, and the event that the write put in its outbox. */
export interface Changed {
  readonly instance: ManagedInstance;
  readonly event: DomainEvent;
}

/** What came of a request. */
export interface Requested extends Changed {
  /** null: none was asked for, or somebody else has it. */
  readonly lease: HeldLease | null;
}

/** What changes together with the state. A field that is not given stays. */
export interface TransitionChange {
  readonly from: LifecycleState;
  readonly to: LifecycleState;
  readonly reason: TransitionReason;
  /** Replica 0; the instance's containerId, containerName, startedAt and pid mirror it. null: there is none any more. */
  readonly replica?: Replica | null;
  readonly error?: LifecycleError | null;
  readonly failures?: number;
  readonly retryAt?: Date | null;
  /** The generation this state deals with. */
  readonly observedGeneration?: number;
  /** What the image is from now on. */
  readonly image?: PinnedImage;
}

/** How a replica beside the first changes its state. */
export interface ReplicaChange {
  readonly index: number;
  readonly from: LifecycleState;
  readonly to: LifecycleState;
  readonly reason: TransitionReason;
  /** As it is afterwards; null: it is gone. */
  readonly replica: Replica | null;
}

/** How a holder leaves an instance for now. A field that is not given stays. */
export interface Settlement {
  readonly retryAt: Date | null;
  /** See Lifecycle. @default null */
  readonly firstRetryAt?: Date | null;
  readonly observedGeneration?: number;
  readonly error?: LifecycleError | null;
}

/** What the documents say about the instance that a container names as its owner. */
export interface OwnerVerdict {
  readonly id: AgentInstanceId;
  /** removed: its document says so. unknown: there is no document. */
  readonly kind: 'known' | 'removed' | 'unknown';
  /** The container of replica 0 on record. */
  readonly containerId: string | null;
  /** Those of all replicas. */
  readonly containerIds: readonly string[];
}

/**
 * What lifecycle writes into agent instances. Each method is one conditional write to one document. Times are the
 * database's.
 */
export abstract class LifecycleRecords {
  /**
   * Wants the instance to be something else: raises the generation (and the restart token for a restart), forgets earlier
   * failures, makes it due at once.
   * @param generation only if the instance still has this one; what was decided on it may not hold for a later one
   * @param asked what goes with the action
   * @param terms takes the lease with the same write, where it is free: for who begins at once with what is asked for
   * @throws NotFoundError, InvalidTransitionError (see ACTION_RULES), OutboxFullError, ConcurrentUpdateError
   */
  abstract request(
    path: InstancePath,
    action: LifecycleAction,
    actor: Actor,
    generation?: number,
    asked?: AskedWith,
    terms?: LeaseTerms | null,
  ): Promise<Requested>;

  /** @throws NotFoundError, also when it is removed */
  abstract get(path: InstancePath): Promise<ManagedInstance>;
  /** Whatever state it is in; null when there is no document. */
  abstract find(id: AgentInstanceId): Promise<ManagedInstance | null>;
  /** Those of them that have a document, in any order. */
  abstract findAll(ids: readonly AgentInstanceId[]): Promise<readonly ManagedInstance[]>;
  /** The whole instance, with its texts. */
  abstract findWhole(id: AgentInstanceId): Promise<AgentInstance | null>;
  /** Of a project's, those that are not removed. */
  abstract listAlive(tenantId: TenantId, projectId: ProjectId): Promise<readonly ManagedInstance[]>;

  /** Takes the lease for `ttlMs` unless somebody has it. null: somebody has, or there is nothing to hold. */
  abstract acquireLease(
    id: AgentInstanceId,
    owner: string,
    ttlMs: number,
  ): Promise<{ lease: HeldLease; instance: ManagedInstance } | null>;
  /** @throws LeaseLostError */
  abstract renewLease(lease: HeldLease, ttlMs: number): Promise<ManagedInstance>;
  /** Gives the lease back, if it is still held, and leaves the rest as it is. */
  abstract releaseLease(lease: HeldLease): Promise<void>;

  /**
   * Moves the state, with its event.
   * @throws LeaseLostError, OutboxFullError
   */
  abstract transition(lease: HeldLease, instance: ManagedInstance, change: TransitionChange): Promise<Changed>;
  /**
   * Moves the state of a replica beside the first, with its event. The instance's own state stays.
   * @throws LeaseLostError, OutboxFullError
   */
  abstract transitionReplica(lease: HeldLease, instance: ManagedInstance, change: ReplicaChange): Promise<Changed>;
  /**
   * Writes what a look at the container, or a conversation with its agent, has shown about a replica.
   * @throws LeaseLostError
   */
  abstract updateReplica(lease: HeldLease, replica: Replica): Promise<ManagedInstance>;
  /**
   * The workspace is what this seed asked for, and no container is left. Does nothing when another is asked for meanwhile.
   * @throws LeaseLostError
   */
  abstract seeded(lease: HeldLease, seed: Seed): Promise<ManagedInstance>;
  /**
   * Writes what came of it and gives the lease back, if nothing else was asked for and no edit made since `instance` was
   * read; null when something was: then the lease is still held.
   * @throws LeaseLostError
   */
  abstract settle(lease: HeldLease, instance: ManagedInstance, settlement: Settlement): Promise<ManagedInstance | null>;

  /** Instances that are due and that nobody works on, longest due first. */
  abstract findDue(limit: number): Promise<readonly AgentInstanceId[]>;
  /** Instances that somebody ever asked something of and that are not removed, by id, after `after`. For the resync. */
  abstract scan(after: AgentInstanceId | null, limit: number): Promise<readonly ManagedInstance[]>;
  /** Whether these containers' instances are there, removed, or gone. */
  abstract judgeOwners(ids: readonly AgentInstanceId[]): Promise<readonly OwnerVerdict[]>;
  /** Shows an error with everything that has a container and shows none; for an engine that is away. Says how many. */
  abstract markUnavailable(error: LifecycleError): Promise<number>;
}
