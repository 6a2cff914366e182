import { LeaseLostError } from '../../../domain/lifecycle/lease-lost.error.js';
import type {
  Changed,
  HeldLease,
  LifecycleRecords,
  ReplicaChange,
  Settlement,
  TransitionChange,
} from '../../../domain/lifecycle/lifecycle-records.js';
import type { LifecycleError, Replica, Seed } from '../../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import type { DomainEvent } from '../../../domain/events/domain-events.js';
import type { AgentInstanceId } from '../../../domain/ids.js';
import { FollowerHold } from './follower-hold.js';
import type { ReplicaHold, WholeHold } from './replica-hold.js';

export interface HoldOptions {
  readonly owner: string;
  readonly leaseMs: number;
  readonly renewEveryMs: number;
  /** Told of every write, after it. */
  readonly onWrite: (instance: ManagedInstance, event: DomainEvent | null) => void;
  /** How to wait without keeping others from their work. @default just waiting */
  readonly standAside?: <T>(wait: () => Promise<T>) => Promise<T>;
}

/**
 * An instance's lease, renewed for as long as it is held, and the instance as last seen. Whoever works under it asks
 * `assertAlive` before acting: past the lease's time nothing may be done, even when the database does not answer.
 * As one of the replicas it is the first.
 */
export class Hold implements ReplicaHold, WholeHold {
  readonly replica = 0;
  private readonly followers = new Map<number, FollowerHold>();
  private readonly lostController = new AbortController();
  private interruptController = new AbortController();
  private aliveUntil: number;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly records: LifecycleRecords,
    private readonly lease: HeldLease,
    private seen: ManagedInstance,
    private readonly options: HoldOptions,
    takenAt: number,
  ) {
    this.aliveUntil = takenAt + options.leaseMs;
    this.timer = setInterval(() => void this.renew(), options.renewEveryMs);
    this.timer.unref();
  }

  /** null when somebody else holds it, or there is nothing to hold. */
  static async take(records: LifecycleRecords, id: AgentInstanceId, options: HoldOptions): Promise<Hold | null> {
    const takenAt = performance.now();
    const taken = await records.acquireLease(id, options.owner, options.leaseMs);
    return taken === null ? null : new Hold(records, taken.lease, taken.instance, options, takenAt);
  }

  get instance(): ManagedInstance {
    return this.seen;
  }

  /** The same lease, as one of the replicas uses it. */
  of(replica: number): ReplicaHold {
    return replica === 0 ? this : this.follower(replica);
  }

  /** Always the same one for a replica. */
  follower(replica: number): FollowerHold {
    const known = this.followers.get(replica) ?? new FollowerHold(this, replica);
    this.followers.set(replica, known);
    return known;
  }

  /** Aborted when the lease is lost. Its reason is a LeaseLostError. */
  get lost(): AbortSignal {
    return this.lostController.signal;
  }

  /** Aborted when something else is wanted of the instance: long waits end, and what comes next is decided anew. */
  get interrupted(): AbortSignal {
    return this.interruptController.signal;
  }

  /** Waits for somebody else (an agent, a registry) without keeping other instances from being worked on. */
  async wait<T>(wait: () => Promise<T>): Promise<T> {
    return this.options.standAside === undefined ? wait() : this.options.standAside(wait);
  }

  /** Something else may be wanted. */
  interrupt(): void {
    this.interruptController.abort();
  }

  /** @throws LeaseLostError */
  assertAlive(): void {
    if (performance.now() >= this.aliveUntil) this.lose();
    this.lost.throwIfAborted();
  }

  /** Reads what is wanted now. @throws LeaseLostError */
  async refresh(): Promise<void> {
    this.seen = await this.extend();
    this.interruptController = new AbortController();
  }

  /** @throws LeaseLostError, OutboxFullError */
  async transition(change: Omit<TransitionChange, 'from'>): Promise<void> {
    this.assertAlive();
    const from = this.seen.lifecycle.state;
    const { instance, event } = await this.orLose(this.records.transition(this.lease, this.seen, { ...change, from }));
    this.note(instance, event);
  }

  /**
   * A write that only happens while nobody uses the agent; otherwise what is wanted now is read.
   * @returns whether it happened
   * @throws LeaseLostError, OutboxFullError
   */
  async unlessUsed(write: (lease: HeldLease, instance: ManagedInstance) => Promise<Changed | null>): Promise<boolean> {
    this.assertAlive();
    const changed = await this.orLose(write(this.lease, this.seen));
    if (changed === null) await this.refresh();
    else this.note(changed.instance, changed.event);
    return changed !== null;
  }

  async transitionReplica(change: ReplicaChange): Promise<void> {
    this.assertAlive();
    const { instance, event } = await this.orLose(this.records.transitionReplica(this.lease, this.seen, change));
    this.note(instance, event);
  }

  /** @throws LeaseLostError */
  async updateReplica(replica: Replica): Promise<void> {
    this.assertAlive();
    this.note(await this.orLose(this.records.updateReplica(this.lease, replica)), null);
  }

  async defer(retryAt: Date, error: LifecycleError): Promise<boolean> {
    const settled = await this.settle({ retryAt, error });
    if (!settled) await this.refresh();
    return settled;
  }

  /** The workspace is what `seed` asked for, and there is no container. @throws LeaseLostError */
  async seeded(seed: Seed): Promise<void> {
    this.assertAlive();
    this.note(await this.orLose(this.records.seeded(this.lease, seed)), null);
  }

  /**
   * Writes what came of the work and gives the lease back.
   * @returns false when something else is wanted meanwhile: then the lease is still held
   * @throws LeaseLostError
   */
  async settle(settlement: Settlement): Promise<boolean> {
    const settled = await this.orLose(this.records.settle(this.lease, this.seen, settlement));
    if (settled === null) return false;
    this.end();
    this.note(settled, null);
    return true;
  }

  /** Gives the lease back with nothing settled; the instance stays due. */
  async release(): Promise<void> {
    this.end();
    await this.records.releaseLease(this.lease);
  }

  /** Stops renewing. */
  end(): void {
    clearInterval(this.timer);
  }

  private note(instance: ManagedInstance, event: DomainEvent | null): void {
    this.seen = instance;
    this.options.onWrite(instance, event);
  }

  private async renew(): Promise<void> {
    try {
      // What it reads is not kept: a write made meanwhile may have been answered first.
      const { desired } = (await this.extend()).lifecycle;
      if (desired.generation !== this.seen.lifecycle.desired.generation) this.interrupt();
    } catch {
      // Lost, which `lost` says; or the database does not answer, and the lease ends by itself unless it comes back.
      if (performance.now() >= this.aliveUntil) this.lose();
    }
  }

  private async extend(): Promise<ManagedInstance> {
    const askedAt = performance.now();
    const instance = await this.orLose(this.records.renewLease(this.lease, this.options.leaseMs));
    this.aliveUntil = askedAt + this.options.leaseMs;
    return instance;
  }

  private async orLose<T>(write: Promise<T>): Promise<T> {
    try {
      return await write;
    } catch (error) {
      if (error instanceof LeaseLostError) this.lose();
      throw error;
    }
  }

  private lose(): void {
    this.end();
    if (!this.lost.aborted) this.lostController.abort(new LeaseLostError(this.lease.id));
  }
}
