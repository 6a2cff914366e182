import {
  EventLogStore,
  type AppendOutcome,
  type EventFilter,
  type LogEntry,
  type LogHead,
} from '../../../src/domain/events/event-log.js';
import type { EventId, TenantId } from '../../../src/domain/ids.js';

/** What the next insert does: fail before anything was written, after some was, or after all was. */
export type InsertFailure = 'before' | 'halfway' | 'after';

/** One tenant's log in memory, under the conditions of the port. */
export class InMemoryEventLog extends EventLogStore {
  readonly entries: LogEntry[] = [];
  readonly failures: InsertFailure[] = [];
  /** Called before each insert: another process writes in between. */
  beforeInsert: () => void = () => undefined;
  leaseOwner: string | null = null;

  acquireAppendLease(_tenantId: TenantId, owner: string): Promise<boolean> {
    this.leaseOwner ??= owner;
    return Promise.resolve(this.leaseOwner === owner);
  }

  releaseAppendLease(_tenantId: TenantId, owner: string): Promise<void> {
    if (this.leaseOwner === owner) this.leaseOwner = null;
    return Promise.resolve();
  }

  head(): Promise<LogHead | null> {
    const last = this.entries.at(-1);
    return Promise.resolve(last === undefined ? null : { seq: last.seq, hash: last.hash });
  }

  insert(entries: readonly LogEntry[]): Promise<AppendOutcome> {
    this.beforeInsert();
    const failure = this.failures.shift();
    if (failure === 'before') return Promise.reject(new Error('the connection was lost'));
    const outcome = this.write(failure === 'halfway' ? entries.slice(0, entries.length / 2) : entries);
    return failure === undefined ? Promise.resolve(outcome) : Promise.reject(new Error('the connection was lost'));
  }

  logged(_tenantId: TenantId, eventIds: readonly EventId[]): Promise<ReadonlySet<EventId>> {
    const all = new Set(this.entries.map(({ eventId }) => eventId));
    return Promise.resolve(new Set(eventIds.filter((id) => all.has(id))));
  }

  readAfter(
    _tenantId: TenantId,
    seq: number,
    limit: number,
    { types, subjectId }: EventFilter = {},
  ): Promise<readonly LogEntry[]> {
    const wanted = this.entries.filter(
      (entry) =>
        entry.seq > seq &&
        (types?.includes(entry.type) ?? true) &&
        (subjectId === undefined || entry.subject.id === subjectId),
    );
    return Promise.resolve(wanted.slice(0, limit));
  }

  private write(entries: readonly LogEntry[]): AppendOutcome {
    for (const [index, entry] of entries.entries()) {
      if (this.entries.some(({ eventId }) => eventId === entry.eventId)) return { kind: 'duplicate-event', index };
      if (this.entries.some(({ seq }) => seq === entry.seq)) return { kind: 'sequence-taken', index };
      this.entries.push(entry);
    }
    return { kind: 'appended' };
  }
}
