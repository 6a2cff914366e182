import { setTimeout as sleep } from 'node:timers/promises';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import type { EventLogStore, LogEntry, LogHead } from '../../domain/events/event-log.js';
import type { Signer } from '../../domain/events/signer.js';
import type { TenantId } from '../../domain/ids.js';
import type { AppendLease } from './append-lease.js';
import { chain, GENESIS } from './chain.js';

/** Milliseconds without work before the lease is given back. */
const IDLE = 250;
const RETRY_DELAYS = [20, 100, 500, 2_000];
const MOST_AT_ONCE = 500;

interface Waiting {
  readonly events: readonly DomainEvent[];
  readonly done: () => void;
  readonly failed: (cause: unknown) => void;
}

/** Appends to one tenant's chain, one group after the other. */
export class TenantAppender {
  private readonly queue: Waiting[] = [];
  private running: Promise<void> | null = null;
  private closing = false;
  private wake: (() => void) | null = null;
  /** The chain's end, as long as nobody else can have moved it. */
  private head: LogHead | null = null;

  constructor(
    private readonly tenantId: TenantId,
    private readonly lease: AppendLease,
    private readonly store: EventLogStore,
    private readonly signer: Signer,
    private readonly onAppended: (tenantId: TenantId, head: LogHead, entries: number) => void,
  ) {}

  /** Resolves when all of them are in the log; what is logged already is dropped. */
  append(events: readonly DomainEvent[]): Promise<void> {
    return new Promise((done, failed) => {
      this.queue.push({ events, done, failed });
      this.wake?.();
      this.running ??= this.run();
    });
  }

  /** Finishes what is queued and gives the lease back. */
  async close(): Promise<void> {
    this.closing = true;
    this.wake?.();
    await this.running;
  }

  private async run(): Promise<void> {
    do {
      while (this.queue.length > 0) await this.writeGroup(this.nextGroup());
      await this.pause();
      if (this.queue.length === 0) await this.lease.release();
    } while (this.queue.length > 0);
    this.running = null;
  }

  /** Waits for more work, as long as it is worth keeping the lease. */
  private async pause(): Promise<void> {
    if (this.closing) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, IDLE).unref();
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = null;
  }

  private nextGroup(): readonly Waiting[] {
    let events = 0;
    const beyond = this.queue.findIndex((waiting) => (events += waiting.events.length) > MOST_AT_ONCE);
    return this.queue.splice(0, beyond < 0 ? this.queue.length : Math.max(1, beyond));
  }

  private async writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      await this.write(distinct(group.flatMap(({ events }) => events)));
      for (const { done } of group) done();
    } catch (cause) {
      for (const { failed } of group) failed(cause);
    }
  }

  private async write(events: readonly DomainEvent[]): Promise<void> {
    let left = events;
    for (let failures = 0; left.length > 0;) {
      try {
        if (failures > 0) left = await this.withoutLogged(left);
        left = await this.attempt(left);
      } catch (error) {
        // Whether anything was written is unknown: read the head again, and ask which events are there.
        this.head = null;
        this.lease.forget();
        const delay = RETRY_DELAYS[failures];
        if (delay === undefined || this.closing) throw error;
        failures += 1;
        await sleep(delay);
      }
    }
  }

  /** Chains and inserts them; returns those that are still to be written. */
  private async attempt(events: readonly DomainEvent[]): Promise<readonly DomainEvent[]> {
    if (events.length === 0) return events;
    if (!(await this.lease.hold())) this.head = null;
    const head = this.head ?? (await this.store.head(this.tenantId)) ?? GENESIS;
    const entries = await chain(head, events, this.signer);
    const outcome = await this.store.insert(entries);
    if (outcome.kind === 'appended') {
      this.moveTo(entries.at(-1), entries.length);
      return [];
    }
    this.moveTo(entries[outcome.index - 1] ?? head, outcome.index);
    const rest = events.slice(outcome.index);
    if (outcome.kind === 'duplicate-event') return this.withoutLogged(rest);
    // Somebody appends without the lease, or we were slower than it lasts.
    this.head = null;
    this.lease.forget();
    return rest;
  }

  private moveTo(end: LogEntry | LogHead | undefined, entries: number): void {
    if (end === undefined) return;
    this.head = { seq: end.seq, hash: end.hash };
    this.onAppended(this.tenantId, this.head, entries);
  }

  private async withoutLogged(events: readonly DomainEvent[]): Promise<readonly DomainEvent[]> {
    const logged = await this.store.logged(
      this.tenantId,
      events.map(({ eventId }) => eventId),
    );
    return events.filter(({ eventId }) => !logged.has(eventId));
  }
}

const distinct = (events: readonly DomainEvent[]): readonly DomainEvent[] => [
  ...new Map(events.map((event) => [event.eventId, event])).values(),
];
