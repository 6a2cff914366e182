import type { Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { AgentInstanceId } from '../../domain/ids.js';
import type { AgentLease, AgentLeases } from '../../domain/lifecycle/agent-leases.js';
import { ALL_DUE, type DueKind, type DueWork } from '../../domain/lifecycle/due-work.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';

const TAKEN_AT_ONCE = 50;

/** What this process does for one agent while it has the lease. */
export interface Served {
  /** The agent as it is now: once at the beginning, and at each renewal. */
  update(instance: ManagedInstance): Promise<void> | void;
  close(): void;
}

export interface LeaseKeeperOptions {
  readonly leases: AgentLeases;
  readonly due: DueWork;
  readonly kind: DueKind;
  readonly leaseMs: number;
  readonly logger: Logger;
  /** Completes "looking after … failed". */
  readonly what: string;
  /** null: it is not to be done for this agent; the lease ends by itself. */
  readonly begin: (instance: ManagedInstance, lease: AgentLease) => Served | null;
}

interface Kept {
  readonly served: Served;
  renewAt: number;
}

/** Does something for the agents that nobody does it for, one Muster for each, as long as it has the lease. */
export class LeaseKeeper {
  private readonly owner = randomUUID();
  private readonly kept = new Map<AgentInstanceId, Kept>();
  private nudged = new AbortController();
  private stopped = false;
  private loop: Promise<void> = Promise.resolve();

  constructor(private readonly options: LeaseKeeperOptions) {}

  start(): void {
    this.loop = this.run();
  }

  /** Others may do it from then on. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.nudged.abort();
    await this.loop;
    await Promise.all([...this.kept.keys()].map(async (id) => this.letGo(id)));
  }

  /** What is wanted of an agent has changed. */
  look(id: AgentInstanceId): void {
    const kept = this.kept.get(id);
    if (kept !== undefined) kept.renewAt = 0;
    this.nudged.abort();
  }

  private async run(): Promise<void> {
    const { due, kind, leases, logger, what } = this.options;
    for (let found = ALL_DUE; !this.stopped; found = await due.next(this.nudged.signal)) {
      if (this.nudged.signal.aborted) this.nudged = new AbortController();
      try {
        await this.renewDue();
        if (found.has(kind)) for (const id of await leases.findUnserved(TAKEN_AT_ONCE)) await this.take(id);
      } catch (error) {
        logger.warn({ msg: `looking after ${what} failed; it is tried again`, err: error });
      }
    }
  }

  private async renewDue(): Promise<void> {
    for (const [id, kept] of this.kept) {
      if (kept.renewAt > performance.now()) continue;
      kept.renewAt = this.nextRenewal();
      const instance = await this.options.leases.renew(this.leaseOn(id), this.options.leaseMs);
      if (instance === null) await this.letGo(id);
      else await kept.served.update(instance);
    }
  }

  private async take(id: AgentInstanceId): Promise<void> {
    const { leases, leaseMs, begin } = this.options;
    const lease = this.leaseOn(id);
    const instance = await leases.take(lease, leaseMs);
    const served = instance === null ? null : begin(instance, lease);
    if (instance === null || served === null) return;
    this.forget(id);
    this.kept.set(id, { served, renewAt: this.nextRenewal() });
    await served.update(instance);
  }

  private async letGo(id: AgentInstanceId): Promise<void> {
    this.forget(id);
    try {
      await this.options.leases.release(this.leaseOn(id));
    } catch (error) {
      const msg = `a lease on ${this.options.what} could not be given back; it ends by itself`;
      this.options.logger.warn({ msg, agent: id, err: error });
    }
  }

  private forget(id: AgentInstanceId): void {
    this.kept.get(id)?.served.close();
    this.kept.delete(id);
  }

  private leaseOn(id: AgentInstanceId): AgentLease {
    return { id, owner: this.owner };
  }

  private nextRenewal(): number {
    return performance.now() + this.options.leaseMs / 4;
  }
}
