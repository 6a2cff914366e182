import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { OutboxFullError } from '../../../domain/errors/outbox-full.error.js';
import type { DomainEvent } from '../../../domain/events/domain-events.js';
import type { AgentInstanceId } from '../../../domain/ids.js';
import { ALL_DUE, DueWork } from '../../../domain/lifecycle/due-work.js';
import { LeaseLostError } from '../../../domain/lifecycle/lease-lost.error.js';
import { LifecycleRecords, type LeaseTerms } from '../../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { needsStep } from '../../../domain/lifecycle/plan-replicas.js';
import { ContainerRuntime, type RuntimeEvent } from '../../../domain/runtime/container-runtime.js';
import { isPoolOwner, type PoolOwner } from '../../../domain/runtime/runtime-spec.js';
import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import { Telemetry, type ReconcileOutcome } from '../../../domain/telemetry/telemetry.js';
import { DomainEventBus } from '../../../platform/events/domain-event-bus.js';
import { newOwner } from '../../../platform/leases/new-owner.js';
import { AgentConnections } from '../agent-connections.js';
import { LifecycleNotifier } from '../lifecycle-notifier.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { PoolSweep } from '../pool/pool-sweep.js';
import { within } from '../within.js';
import { containersOf } from './containers-of.js';
import { EarlyLeases } from './early-leases.js';
import { EngineWatch } from './engine-watch.js';
import { Hold, type HoldOptions } from './hold.js';
import { InstanceWorker } from './instance-worker.js';
import { KeyedQueue, type QueueLoad } from './keyed-queue.js';
import { Resync } from './resync.js';
import { SpawnClock } from './spawn-clock.js';

/** Due instances taken at one look. */
const DUE_AT_ONCE = 100;

/**
 * Makes instances what they are wanted to be. It works from state: a wake only says when to look, and what nobody woke
 * it for is found by looking for due instances and by the resync. Several processes share the work by leases.
 */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Reconciler.name);
  readonly owner = newOwner();
  private readonly queue: KeyedQueue<AgentInstanceId>;
  private readonly holds = new Map<AgentInstanceId, Hold>();
  /** Woken only to look: mostly by the echo of what was just done. */
  private readonly lookFirst = new Set<AgentInstanceId>();
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];
  private resyncAsked = false;

  constructor(
    private readonly records: LifecycleRecords,
    private readonly due: DueWork,
    private readonly runtime: ContainerRuntime,
    private readonly worker: InstanceWorker,
    private readonly resync: Resync,
    private readonly watch: EngineWatch,
    private readonly pool: PoolSweep,
    private readonly notifier: LifecycleNotifier,
    private readonly connections: AgentConnections,
    private readonly bus: DomainEventBus,
    private readonly settings: LifecycleSettings,
    private readonly telemetry: Telemetry,
    private readonly early: EarlyLeases,
  ) {
    this.queue = new KeyedQueue(settings.concurrency, (id) => this.reconcile(id));
  }

  /** What this process has in hand. */
  get load(): QueueLoad {
    return this.queue.load;
  }

  onApplicationBootstrap(): void {
    const { signal } = this.stopping;
    const listener = {
      onEvent: (event: RuntimeEvent) => {
        const { owner, containerId, kind } = event;
        if (kind === 'exited' || kind === 'removed') this.connections.drop(containerId);
        if (isPoolOwner(owner)) void this.lookAtClaimant({ ...event, owner });
        else this.look(owner.instance, owner.replica);
      },
      onAvailable: () => {
        this.resyncAsked = true;
      },
    };
    this.loops.push(this.watch.watch(listener, signal), this.poll(signal));
    this.early.servedBy((id, promised) => this.termsFor(id, promised));
  }

  /** Finishes the steps in hand, as far as the time allows, and takes no new ones. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    const late = sleep(this.settings.shutdownMs, undefined, { ref: false });
    for (const hold of this.holds.values()) hold.interrupt();
    await Promise.race([Promise.all([this.queue.close(), ...this.loops]), late]);
    for (const hold of this.holds.values()) hold.end();
    await this.giveBackUnused();
    this.connections.dropAll();
  }

  /** Something else is wanted of it: at once. */
  wake(id: AgentInstanceId): void {
    // Who works on it sees what is wanted now; afterwards a look shows whether anything is left.
    if (this.queue.isActive(id)) this.lookFirst.add(id);
    else this.lookFirst.delete(id);
    this.holds.get(id)?.interrupt();
    this.queue.add(id);
  }

  /** A replica of it is not well, by what the document says: at once, and what others are at goes on meanwhile. */
  attend(id: AgentInstanceId, replica: number): void {
    if (this.holds.get(id)?.notice(replica, true) !== true) this.wake(id);
  }

  /** Something may have happened to it: to one of its replicas where that is said. */
  look(id: AgentInstanceId, replica?: number): void {
    this.lookFirst.add(id);
    this.queue.add(id);
    this.holds.get(id)?.notice(replica ?? null, replica === undefined);
  }

  /** The labels of a container from the pool do not name the agent that has it. */
  private async lookAtClaimant(event: RuntimeEvent & { readonly owner: PoolOwner }): Promise<void> {
    try {
      const claimant = await this.pool.noticed(event);
      if (claimant !== null) this.look(claimant, 0);
    } catch (error) {
      this.logger.warn({ msg: 'an event of a warm container was missed; the resync sees what it left', err: error });
    }
  }

  private async poll(signal: AbortSignal): Promise<void> {
    let resyncAt = performance.now() + this.settings.resyncMs;
    for (let due = ALL_DUE; !signal.aborted; due = await this.due.next(signal)) {
      try {
        if (this.resyncAsked || performance.now() >= resyncAt) {
          this.resyncAsked = false;
          resyncAt = performance.now() + this.settings.resyncMs;
          const began = performance.now();
          await this.resync.run((id) => {
            this.look(id);
          });
          this.telemetry.resynced((performance.now() - began) / 1000);
        }
        const found = due.has('step') ? await this.records.findDue(DUE_AT_ONCE) : [];
        for (const id of found) {
          this.lookFirst.delete(id);
          this.queue.add(id);
        }
      } catch (error) {
        this.logger.warn({ msg: 'looking for work failed; it is tried again', err: error });
      }
    }
  }

  private async reconcile(id: AgentInstanceId): Promise<void> {
    let hold: Hold | null = null;
    let spawn: SpawnClock | undefined;
    // Told together at the end: the log takes an outbox whole, and an agent's start has better use for the time.
    // Other replicas may take long, and do not keep back what is known of each.
    const events: DomainEvent[] = [];
    try {
      const early = this.early.take(id);
      if (this.lookFirst.delete(id) && early === null && !(await this.needsWork(id))) return;
      const options: HoldOptions = {
        owner: this.owner,
        leaseMs: this.settings.leaseMs,
        renewEveryMs: this.settings.renewEveryMs,
        onWrite: (instance, event) => {
          if (event !== null) events.push(event);
          spawn?.note(instance, event);
          this.notifier.changed(instance);
          if (event !== null && isArrival(event)) this.bus.publish(...events.splice(0));
        },
        standAside: (wait) => this.queue.standAside(id, wait),
      };
      hold = early === null ? await Hold.take(this.records, id, options) : Hold.begin(this.records, early, options);
      if (hold === null) return;
      this.holds.set(id, hold);
      spawn = new SpawnClock(this.telemetry, hold.instance);
      this.telemetry.instanceTaken(lagOf(hold.instance));
      await this.worker.work(hold, this.stopping.signal);
      this.telemetry.reconciled('done');
    } catch (error) {
      await this.giveBack(id, hold, error);
    } finally {
      hold?.end();
      this.holds.delete(id);
      this.bus.publish(...events);
    }
  }

  /** Nothing is held that would wait here while others have time for it. */
  private termsFor(id: AgentInstanceId, promised: number): LeaseTerms | null {
    const { waiting, working } = this.load;
    const isAtOnce = waiting + working + promised < this.settings.concurrency && !this.queue.isActive(id);
    return isAtOnce && !this.stopping.signal.aborted ? { owner: this.owner, ttlMs: this.settings.leaseMs } : null;
  }

  private async giveBackUnused(): Promise<void> {
    for (const { lease } of this.early.takeAll()) {
      await this.records.releaseLease(lease).catch((error: unknown) => {
        this.logger.warn({ msg: 'a lease could not be given back; it ends by itself', agent: lease.id, err: error });
      });
    }
  }

  /** A look that takes no lease and writes nothing. */
  private async needsWork(id: AgentInstanceId): Promise<boolean> {
    const instance = await this.records.find(id);
    if (instance?.removedAt !== null) return false;
    const containers = await containersOf(instance, async (id) =>
      within(this.settings.callTimeoutMs, 'Looking at the container', this.runtime.inspect(id)),
    );
    const { policy } = this.settings;
    return needsStep({ instance, containers, now: new Date(), policy, watchedSince: this.watch.since });
  }

  /** It stays due: it is found again when its lease is free. */
  private async giveBack(id: AgentInstanceId, hold: Hold | null, error: unknown): Promise<void> {
    this.telemetry.reconciled(outcomeOf(error));
    if (error instanceof LeaseLostError) {
      this.logger.warn({ msg: 'somebody else took over an agent', agent: id });
      return;
    }
    if (error instanceof OutboxFullError) this.logger.warn({ msg: error.message, agent: id });
    else if (error instanceof RuntimeError)
      this.logger.warn({
        msg: 'the engine could not be asked of an agent; it is looked at again',
        agent: id,
        err: error,
      });
    else this.logger.error({ msg: 'work on an agent broke off; it is taken up again', agent: id, err: error });
    try {
      await hold?.release();
    } catch (cause) {
      this.logger.warn({ msg: 'a lease could not be given back; it ends by itself', agent: id, err: cause });
    }
  }
}

/** A replica beside the first is where it was going, or has failed on its way there. */
function isArrival(event: DomainEvent): boolean {
  if (event.type !== 'lifecycle.replica-transitioned') return false;
  const { to } = event.data as DomainEvent<'lifecycle.replica-transitioned'>['data'];
  return to === 'running' || to === 'failed' || to === 'stopped' || to === 'removed';
}

/** Seconds since it was due. The database's clock may be a little ahead of this one. */
const lagOf = ({ lifecycle: { retryAt } }: ManagedInstance): number =>
  retryAt === null ? 0 : Math.max(0, Date.now() - retryAt.getTime()) / 1000;

function outcomeOf(error: unknown): ReconcileOutcome {
  if (error instanceof LeaseLostError) return 'lease-lost';
  return error instanceof OutboxFullError ? 'outbox-full' : 'broken-off';
}
