import { setMaxListeners } from 'node:events';
import { LeaseLostError } from '../../../domain/lifecycle/lease-lost.error.js';
import type {
  Changed,
  HeldLease,
  LifecycleRecords,
  ReplicaChange,
  Settlement,
  TransitionChange,
} from '../../../domain/lifecycle/lifecycle-records.js';
import type { Replica, Seed } from '../../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import type { DomainEvent } from '../../../domain/events/domain-events.js';
import type { AgentInstanceId } from '../../../domain/ids.js';
import { FollowerHold } from './follower-hold.js';
import type { ReplicaHold, WholeHold } from './replica-hold.js';

/** A lease, and the instance as the write that took it left it. */
export interface TakenLease {
  readonly lease: HeldLease;
  readonly instance: ManagedInstance;
  /** Before that write, by the monotonic clock in milliseconds. */
  readonly takenAt: number;
}

export interface HoldOptions {
  readonly owner: string;
  readonly leaseMs: number;
  readonly renewEveryMs: number;
  /** Told of every write, after it. */
  readonly onWrite: (instance: ManagedInstance, event: DomainEvent | null) => void;
  /** How to wait without keeping others from their work. @default just waiting */
  readonly standAside?: <T>(wait: () => Promise<T>) => Promise<T>;
}

/** Who works under a hold, for several replicas at the same time. */
export interface Attendant {
  /** Waits, as a part of a step, for somebody else. */
  aside<T>(wait: () => Promise<T>): Promise<T>;
  /**
   * Something happened to a replica, or to any; `reread`: what is to be seen of it is in the document.
   * @returns whether it is seen to, in the course of the work
   */
  notice(replica: number | null, reread: boolean): boolean;
}

/**
 * An instance's lease, renewed for as long as it is held, and the instance as last seen. Whoever works under it asks
 * `assertAlive` before acting: past the lease's time nothing may be done, even when the database does not answer.
 * Steps of several replicas may be under way at once; they write in turn, so that what was seen last is the newest.
 * As one of the replicas it is the first.
 */
export class Hold implements ReplicaHold, WholeHold {
  readonly replica = 0;
  private readonly followers = new Map<number, FollowerHold>();
  private readonly lostController = heardByAll();
  private interruptController = heardByAll();
  /** What each replica's step listens to, from its beginning to its end. */
  private readonly listening = new Map<number, AbortSignal>();
  private lastWrite: Promise<unknown> = Promise.resolve();
  private attendant: Attendant | null = null;
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
    return taken === null ? null : Hold.begin(records, { ...taken, takenAt }, options);
  }

  /** With a lease that was taken before. */
  static begin(records: LifecycleRecords, { lease, instance, takenAt }: TakenLease, options: HoldOptions): Hold {
    return new Hold(records, lease, instance, options, takenAt);
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
    return this.interruptedFor(this.replica);
  }

  /** A step hears of what was wanted since it began, also when others have heard of it before. */
  interruptedFor(replica: number): AbortSignal {
    return this.listening.get(replica) ?? this.interruptController.signal;
  }

  /** Is something wanted that was not read yet? */
  get isOutdated(): boolean {
    return this.interruptController.signal.aborted;
  }

  /** A step of this replica begins. */
  listen(replica: number): void {
    this.listening.set(replica, this.interruptController.signal);
  }

  /** From now on these steps are this one's. */
  attendedBy(attendant: Attendant): void {
    this.attendant = attendant;
  }

  /** Waits for somebody else (an agent, a registry) without keeping other instances from being worked on. */
  async wait<T>(wait: () => Promise<T>): Promise<T> {
    return this.attendant === null ? this.standAside(wait) : this.attendant.aside(wait);
  }

  /** As `wait`, for all that is under way. */
  async standAside<T>(wait: () => Promise<T>): Promise<T> {
    return this.options.standAside === undefined ? wait() : this.options.standAside(wait);
  }

  /** Something else may be wanted. */
  interrupt(): void {
    this.interruptController.abort();
    this.notice(null, true);
  }

  /** Something may have happened to a replica, or to any of them. @returns whether it is seen to under this hold */
  notice(replica: number | null, reread: boolean): boolean {
    return this.attendant?.notice(replica, reread) ?? false;
  }

  /** @throws LeaseLostError */
  assertAlive(): void {
    if (performance.now() >= this.aliveUntil) this.lose();
    this.lost.throwIfAborted();
  }

  /** Reads what is wanted now. @throws LeaseLostError */
  async refresh(): Promise<void> {
    await this.inTurn(async () => this.reread());
  }

  /** @throws LeaseLostError, OutboxFullError */
  async transition(change: Omit<TransitionChange, 'from'>): Promise<void> {
    await this.inTurn(async () => {
      this.assertAlive();
      const from = this.seen.lifecycle.state;
      const { instance, event } = await this.records.transition(this.lease, this.seen, { ...change, from });
      this.note(instance, event);
    });
  }

  /**
   * A write that only happens while nobody uses the agent; otherwise what is wanted now is read.
   * @returns whether it happened
   * @throws LeaseLostError, OutboxFullError
   */
  async unlessUsed(write: (lease: HeldLease, instance: ManagedInstance) => Promise<Changed | null>): Promise<boolean> {
    return this.inTurn(async () => {
      this.assertAlive();
      const changed = await write(this.lease, this.seen);
      if (changed === null) await this.reread();
      else this.note(changed.instance, changed.event);
      return changed !== null;
    });
  }

  async transitionReplica(change: ReplicaChange): Promise<void> {
    await this.inTurn(async () => {
      this.assertAlive();
      const { instance, event } = await this.records.transitionReplica(this.lease, this.seen, change);
      this.note(instance, event);
    });
  }

  /** @throws LeaseLostError */
  async updateReplica(replica: Replica): Promise<void> {
    await this.inTurn(async () => {
      this.assertAlive();
      this.note(await this.records.updateReplica(this.lease, replica), null);
    });
  }

  /** The workspace is what `seed` asked for, and there is no container. @throws LeaseLostError */
  async seeded(seed: Seed): Promise<void> {
    await this.inTurn(async () => {
      this.assertAlive();
      this.note(await this.records.seeded(this.lease, seed), null);
    });
  }

  /**
   * Writes what came of the work and gives the lease back. No step may be under way.
   * @returns false when something else is wanted meanwhile: then the lease is still held
   * @throws LeaseLostError
   */
  async settle(settlement: Settlement): Promise<boolean> {
    return this.inTurn(async () => {
      const settled = await this.records.settle(this.lease, this.seen, settlement);
      if (settled === null) return false;
      this.end();
      this.note(settled, null);
      return true;
    });
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

  private async reread(): Promise<void> {
    // What is wanted while it is read may be missing in it. Steps under way go on listening to one that was not heard yet.
    if (this.isOutdated) this.interruptController = heardByAll();
    this.seen = await this.extend();
  }

  /** One write after the other, each on what the one before has left. */
  private async inTurn<T>(write: () => Promise<T>): Promise<T> {
    const mine = this.lastWrite.then(async () => this.orLose(write()));
    this.lastWrite = mine.catch(() => undefined);
    return mine;
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

/** The steps of every copy listen, each more than once: more than Node takes for a leak. */
function heardByAll(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
