import type { ReplicaChange, TransitionChange } from '../../../domain/lifecycle/lifecycle-records.js';
import type { Replica } from '../../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';

/** One replica under its instance's lease: all that a step needs of it. */
export interface ReplicaHold {
  readonly replica: number;
  /** As the replica sees it (see replicaView). */
  readonly instance: ManagedInstance;
  /** Aborted when the lease is lost. Its reason is a LeaseLostError. */
  readonly lost: AbortSignal;
  /**
   * Aborted when something else is wanted of the instance since the step began: long waits end, and what comes next is decided anew,
   * by who reads what is wanted then.
   */
  readonly interrupted: AbortSignal;
  /** Waits for somebody else (an agent, a registry) without keeping other instances from being worked on. */
  wait<T>(wait: () => Promise<T>): Promise<T>;
  /** @throws LeaseLostError */
  assertAlive(): void;
  /** Moves the replica's state. @throws LeaseLostError, OutboxFullError */
  transition(change: Omit<TransitionChange, 'from'>): Promise<void>;
  /** @throws LeaseLostError */
  updateReplica(replica: Replica): Promise<void>;
}

/** The hold of the whole instance, as its replicas use it. */
export interface WholeHold extends Omit<ReplicaHold, 'replica' | 'transition' | 'interrupted'> {
  /** What a replica's step hears of. */
  interruptedFor(replica: number): AbortSignal;
  /** Moves the state of a replica beside the first. @throws LeaseLostError, OutboxFullError */
  transitionReplica(change: ReplicaChange): Promise<void>;
}
