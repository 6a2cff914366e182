import type { EventId, TenantId } from '../ids.js';
import type { DomainEvent, DomainEventType } from './domain-events.js';

/**
 * One line of the log: a domain event, its place in the tenant's chain and its signature.
 * hash = SHA-256, in hex, over the RFC 8785 canonical JSON of the entry without hash, signature and keyId;
 * signature = Ed25519 over the hash's 32 bytes, in base64url.
 */
export interface LogEntry extends DomainEvent {
  /** 1, 2, 3 … per tenant, without a gap. */
  readonly seq: number;
  /** The hash of entry seq-1; 64 zeros for the first. */
  readonly prevHash: string;
  readonly hash: string;
  readonly signature: string;
  /** Which key signed. */
  readonly keyId: string;
}

export interface LogHead {
  readonly seq: number;
  readonly hash: string;
}

/** Which entries are wanted; a part that is not given leaves none out. */
export interface EventFilter {
  readonly types?: readonly DomainEventType[] | undefined;
  /** What the event is about. */
  readonly subjectId?: string | undefined;
}

/** What became of an ordered insert: all in, or the first place where another writer's entry stands. */
export type AppendOutcome =
  | { readonly kind: 'appended' }
  /** Entries before `index` are in; the event at `index` was logged before. */
  | { readonly kind: 'duplicate-event'; readonly index: number }
  /** Entries before `index` are in; the sequence number at `index` was taken by another writer. */
  | { readonly kind: 'sequence-taken'; readonly index: number };

/** Where the log is kept. Append-only: there is no method that changes or removes an entry. */
export abstract class EventLogStore {
  /** Tries to become (or stay) the tenant's only appender until `ttlMs` from now, by the database's clock. */
  abstract acquireAppendLease(tenantId: TenantId, owner: string, ttlMs: number): Promise<boolean>;
  abstract releaseAppendLease(tenantId: TenantId, owner: string): Promise<void>;
  abstract head(tenantId: TenantId): Promise<LogHead | null>;
  abstract insert(entries: readonly LogEntry[]): Promise<AppendOutcome>;
  /** Which of these events are in the log already. */
  abstract logged(tenantId: TenantId, eventIds: readonly EventId[]): Promise<ReadonlySet<EventId>>;
  /** Entries after `seq` that the filter leaves in, in order. */
  abstract readAfter(
    tenantId: TenantId,
    seq: number,
    limit: number,
    filter?: EventFilter,
  ): Promise<readonly LogEntry[]>;
}
