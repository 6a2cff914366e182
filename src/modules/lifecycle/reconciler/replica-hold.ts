import type { ReplicaChange, TransitionChange } from '../../../domain/lifecycle/lifecycle-records.js';
import type { LifecycleError, Replica } from '../../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';

/** One replica under its instance's lease: all that a step needs of it. */
export interface ReplicaHold {
  readonly replica: number;
  /** As the replica sees it (see replicaView). */
  readonly instance: ManagedInstance;
  /** Aborted when the lease is lost. Its reason is a LeaseLostError. */
  readonly lost: AbortSignal;
  /** Aborted when something else is wanted of the instance: long waits end, and what comes next is decided anew. */
  readonly interrupted: AbortSignal;
  /** Waits for somebody else (an agent, a registry) without keeping other instances from being worked on. */
  wait<T>(wait: () => Promise<T>): Promise<T>;
  /** @throws LeaseLostError */
  assertAlive(): void;
  /** Reads what is wanted now. @throws LeaseLostError */
  refresh(): Promise<void>;
  /** Moves the replica's state. @throws LeaseLostError, OutboxFullError */
  transition(change: Omit<TransitionChange, 'from'>): Promise<void>;
  /** @throws LeaseLostError */
  updateReplica(replica: Replica): Promise<void>;
  /**
   * The state stays, the trouble is shown, and it is tried again at that time.
   * @returns whether the work on the instance ends with this: then the lease is given back
   * @throws LeaseLostError
   */
  defer(retryAt: Date, error: LifecycleError): Promise<boolean>;
}

/** The hold of the whole instance, as its replicas use it. */
export interface WholeHold extends Omit<ReplicaHold, 'replica' | 'transition' | 'defer'> {
  /** Moves the state of a replica beside the first. @throws LeaseLostError, OutboxFullError */
  transitionReplica(change: ReplicaChange): Promise<void>;
}
