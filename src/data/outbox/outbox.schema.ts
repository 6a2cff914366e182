import { Schema, Types } from 'mongoose';
import type { Actor } from '../../domain/events/actor.js';
import type { DomainEvent, DomainEventType, Subject } from '../../domain/events/domain-events.js';
import type { EventId, TenantId } from '../../domain/ids.js';

/** A domain event as it waits in its document. `data` is JSON. */
export interface OutboxRecord {
  eventId: Types.ObjectId;
  type: DomainEventType;
  tenantId: Types.ObjectId;
  actor: Actor;
  subject: Subject;
  at: Date;
  data: object;
}

/** The `outbox` field of every collection whose changes are logged. Add it to the schema together with its index. */
export const OUTBOX_FIELD = { type: Schema.Types.Mixed, default: (): OutboxRecord[] => [] };

/** Filter part: the outbox has room for `events` more. */
export const outboxHasRoom = (limit: number, events = 1): Record<string, unknown> => ({
  [`outbox.${limit - events}`]: { $exists: false },
});

export function toOutboxRecord(event: DomainEvent): OutboxRecord {
  return { ...event, eventId: new Types.ObjectId(event.eventId), tenantId: new Types.ObjectId(event.tenantId) };
}

export function fromOutboxRecord(record: OutboxRecord): DomainEvent {
  return {
    eventId: record.eventId.toHexString() as EventId,
    type: record.type,
    tenantId: record.tenantId.toHexString() as TenantId,
    actor: record.actor,
    subject: record.subject,
    at: record.at,
    data: record.data as DomainEvent['data'],
  };
}
