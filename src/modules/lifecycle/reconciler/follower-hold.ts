import type { TransitionChange } from '../../../domain/lifecycle/lifecycle-records.js';
import type { LifecycleState } from '../../../domain/lifecycle/lifecycle-states.js';
import type { LifecycleError, Replica, ReplicaCondition } from '../../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { INITIAL_CONDITION, replicaIn, replicaView } from '../../../domain/lifecycle/replicas.js';
import type { ReplicaHold, WholeHold } from './replica-hold.js';

/** A replica beside the first, under its instance's lease: what becomes of it is written into its own entry. */
export class FollowerHold implements ReplicaHold {
  constructor(
    private readonly whole: WholeHold,
    readonly replica: number,
  ) {}

  get instance(): ManagedInstance {
    return replicaView(this.whole.instance, this.replica);
  }

  get lost(): AbortSignal {
    return this.whole.lost;
  }

  get interrupted(): AbortSignal {
    return this.whole.interruptedFor(this.replica);
  }

  async wait<T>(wait: () => Promise<T>): Promise<T> {
    return this.whole.wait(wait);
  }

  assertAlive(): void {
    this.whole.assertAlive();
  }

  async transition(change: Omit<TransitionChange, 'from'>): Promise<void> {
    const { to, reason } = change;
    const { state: from, replicas } = this.instance.lifecycle;
    const replica = to === 'removed' ? null : this.after(to, change.replica ?? replicas[0] ?? this.unmade(), change);
    await this.whole.transitionReplica({ index: this.replica, from, to, reason, replica });
  }

  async updateReplica(replica: Replica): Promise<void> {
    await this.whole.updateReplica(replica);
  }

  /** The state stays, the trouble is shown, and it is tried again at that time. @throws LeaseLostError */
  async defer(retryAt: Date, error: LifecycleError): Promise<void> {
    const { replicas, desired, state } = this.instance.lifecycle;
    const replica = replicas[0] ?? { ...this.unmade(), state };
    const condition = { ...this.condition, retryAt, error, observedGeneration: desired.generation };
    await this.updateReplica({ ...replica, condition });
  }

  /** What was wrong is over. @throws LeaseLostError */
  async settle(): Promise<void> {
    const [replica] = this.instance.lifecycle.replicas;
    if (replica === undefined) return;
    await this.updateReplica({ ...replica, condition: { ...this.condition, error: null, retryAt: null } });
  }

  private get condition(): ReplicaCondition {
    return this.instance.lifecycle.replicas[0]?.condition ?? INITIAL_CONDITION;
  }

  private after(to: LifecycleState, replica: Replica, change: Omit<TransitionChange, 'from'>): Replica {
    const { error, failures } = this.instance.lifecycle;
    const { observedGeneration } = this.condition;
    return {
      ...replicaIn(to, replica),
      condition: {
        error: change.error === undefined ? error : change.error,
        failures: change.failures ?? failures,
        retryAt: change.retryAt ?? null,
        observedGeneration: change.observedGeneration ?? observedGeneration,
        healthCheck: INITIAL_CONDITION.healthCheck,
      },
    };
  }

  /** As it is on record before anything of it is made. */
  private unmade(): Replica {
    const { replicas, desired } = this.whole.instance.lifecycle;
    return {
      index: this.replica,
      operator: replicas[0]?.operator ?? '',
      containerId: null,
      containerName: null,
      specDigest: '',
      restartToken: desired.restartToken,
      configuredRevision: 0,
      pid: null,
      state: 'enabled',
      health: 'unknown',
      startedAt: null,
      endpoint: null,
    };
  }
}
