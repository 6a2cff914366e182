import { Schema, type Types } from 'mongoose';
import type { Actor } from '../../domain/events/actor.js';
import type { DomainEventType, Subject } from '../../domain/events/domain-events.js';

export const EVENT_LOG_MODEL = 'EventLogEntry';

/** A document of `event_log`. Inserted once, never changed. */
export interface EventLogRecord {
  _id: Types.ObjectId;
  tenantId: Types.ObjectId;
  seq: number;
  eventId: Types.ObjectId;
  type: DomainEventType;
  actor: Actor;
  subject: Subject;
  at: Date;
  data: object;
  prevHash: string;
  hash: string;
  signature: string;
  keyId: string;
}

const { Mixed, ObjectId } = Schema.Types;

export const eventLogSchema = new Schema<EventLogRecord>(
  {
    tenantId: { type: ObjectId, required: true },
    seq: { type: Number, required: true },
    eventId: { type: ObjectId, required: true },
    type: { type: String, required: true },
    actor: { type: Mixed, required: true },
    subject: { type: Mixed, required: true },
    at: { type: Date, required: true },
    data: { type: Mixed, required: true },
    prevHash: { type: String, required: true },
    hash: { type: String, required: true },
    signature: { type: String, required: true },
    keyId: { type: String, required: true },
  },
  { collection: 'event_log', minimize: false, versionKey: false, strict: true },
);

// keeps each place of a chain for one entry, finds the head, and reads in order
eventLogSchema.index({ tenantId: 1, seq: 1 }, { unique: true });
// keeps each event in the log once, whoever relays it
eventLogSchema.index({ tenantId: 1, eventId: 1 }, { unique: true });
// finds what happened to one thing, in order: GET /audit/events?subject=, GET /events?subject=
eventLogSchema.index({ tenantId: 1, 'subject.id': 1, seq: 1 });
// finds what is rare among much else, in order: GET /audit/events?type=, GET /events?type=
eventLogSchema.index({ tenantId: 1, type: 1, seq: 1 });
