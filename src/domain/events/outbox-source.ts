import type { EventId, TenantId } from '../ids.js';
import type { DomainEvent, SubjectType } from './domain-events.js';

/** A document's events that are not in the log yet, in the order they happened. */
export interface PendingEvents {
  readonly documentId: string;
  readonly tenantId: TenantId;
  readonly events: readonly DomainEvent[];
}

/** What waits in the outboxes of a collection. */
export interface OutboxBacklog {
  readonly documents: number;
  /** When the event happened that has waited longest; null when none waits. */
  readonly oldest: Date | null;
}

/** A document whose outbox holds this many events refuses further writes with OutboxFullError. */
export const OUTBOX_LIMIT = 100;

/** A collection whose documents carry an outbox. The relay reads it, appends to the event log, then acknowledges. */
export abstract class OutboxSource {
  abstract readonly subjectType: SubjectType;
  /** The whole outboxes of these documents (those that hold anything). */
  abstract read(documentIds: readonly string[]): Promise<readonly PendingEvents[]>;
  /** Some documents with a non-empty outbox, oldest event first: what a crash left behind. */
  abstract findPending(limit: number): Promise<readonly PendingEvents[]>;
  abstract backlog(): Promise<OutboxBacklog>;
  /** Takes logged events out of the outboxes. Doing it twice does nothing. */
  abstract acknowledge(documentIds: readonly string[], eventIds: readonly EventId[]): Promise<void>;
}

/** All outbox sources of the data layer. */
export abstract class OutboxSources {
  abstract all(): readonly OutboxSource[];
}
