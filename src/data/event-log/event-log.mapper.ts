import { Types } from 'mongoose';
import type { LogEntry } from '../../domain/events/event-log.js';
import type { EventId, TenantId } from '../../domain/ids.js';
import type { EventLogRecord } from './event-log.schema.js';

export const toLogEntry = (record: EventLogRecord): LogEntry => ({
  eventId: record.eventId.toHexString() as EventId,
  tenantId: record.tenantId.toHexString() as TenantId,
  seq: record.seq,
  type: record.type,
  actor: record.actor,
  subject: record.subject,
  at: record.at,
  data: record.data as LogEntry['data'],
  prevHash: record.prevHash,
  hash: record.hash,
  signature: record.signature,
  keyId: record.keyId,
});

export const fromLogEntry = (entry: LogEntry): EventLogRecord => ({
  _id: new Types.ObjectId(),
  tenantId: new Types.ObjectId(entry.tenantId),
  seq: entry.seq,
  eventId: new Types.ObjectId(entry.eventId),
  type: entry.type,
  actor: entry.actor,
  subject: entry.subject,
  at: entry.at,
  data: entry.data,
  prevHash: entry.prevHash,
  hash: entry.hash,
  signature: entry.signature,
  keyId: entry.keyId,
});
