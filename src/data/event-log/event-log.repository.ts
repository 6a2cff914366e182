import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import {
  EventLogStore,
  type AppendOutcome,
  type EventFilter,
  type LogEntry,
  type LogHead,
} from '../../domain/events/event-log.js';
import type { EventId, TenantId } from '../../domain/ids.js';
import { driverCollection } from '../database/driver-collection.js';
import { duplicatesOf } from '../database/duplicate-keys.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { APPEND_LEASE_MODEL, type AppendLeaseRecord } from './append-lease.schema.js';
import { fromLogEntry, toLogEntry } from './event-log.mapper.js';
import { EVENT_LOG_MODEL, type EventLogRecord } from './event-log.schema.js';

/** In the past by every clock. */
const RELEASED = new Date(0);

@Injectable()
export class MongoEventLogStore extends EventLogStore {
  private readonly entries: mongo.Collection<EventLogRecord>;
  private readonly leases: mongo.Collection<AppendLeaseRecord>;

  constructor(
    @InjectModel(EVENT_LOG_MODEL) entries: Model<EventLogRecord>,
    @InjectModel(APPEND_LEASE_MODEL) leases: Model<AppendLeaseRecord>,
  ) {
    super();
    this.entries = driverCollection(entries);
    this.leases = driverCollection(leases);
  }

  async acquireAppendLease(tenantId: TenantId, owner: string, ttlMs: number): Promise<boolean> {
    const _id = new Types.ObjectId(tenantId);
    const take = async (): Promise<boolean> => {
      const taken = await this.leases.updateOne({ _id, $or: [{ owner }, { $expr: { $lt: ['$until', '$$NOW'] } }] }, [
        { $set: { owner, until: { $add: ['$$NOW', ttlMs] } } },
      ]);
      return taken.matchedCount === 1;
    };
    // An upsert cannot look at the database's clock, so the first one to come makes the document that is then taken.
    return (await take()) || ((await this.makeLease(_id)) && take());
  }

  async releaseAppendLease(tenantId: TenantId, owner: string): Promise<void> {
    await this.leases.updateOne({ _id: new Types.ObjectId(tenantId), owner }, { $set: { until: RELEASED } });
  }

  async head(tenantId: TenantId): Promise<LogHead | null> {
    return this.entries.findOne<LogHead>(
      { tenantId: new Types.ObjectId(tenantId) },
      { sort: { seq: -1 }, projection: { _id: 0, seq: 1, hash: 1 } },
    );
  }

  async insert(entries: readonly LogEntry[]): Promise<AppendOutcome> {
    try {
      await this.entries.insertMany(entries.map(fromLogEntry), { ordered: true });
      return { kind: 'appended' };
    } catch (error) {
      const [index] = duplicatesOf(error);
      const refused = index === undefined ? undefined : entries[index];
      if (index === undefined || refused === undefined) throw error;
      // Which of the two unique indexes it was is in the message only, so the log is asked.
      const logged = await this.logged(refused.tenantId, [refused.eventId]);
      return { kind: logged.has(refused.eventId) ? 'duplicate-event' : 'sequence-taken', index };
    }
  }

  async logged(tenantId: TenantId, eventIds: readonly EventId[]): Promise<ReadonlySet<EventId>> {
    const found = await this.entries
      .find(
        {
          tenantId: new Types.ObjectId(tenantId),
          eventId: { $in: eventIds.map((id) => new Types.ObjectId(id)) },
        },
        { projection: { eventId: 1 } },
      )
      .toArray();
    return new Set(found.map(({ eventId }) => eventId.toHexString() as EventId));
  }

  async readAfter(
    tenantId: TenantId,
    seq: number,
    limit: number,
    { types, subjectId }: EventFilter = {},
  ): Promise<readonly LogEntry[]> {
    const wanted = {
      tenantId: new Types.ObjectId(tenantId),
      seq: { $gt: seq },
      ...(types !== undefined && { type: { $in: [...types] } }),
      ...(subjectId !== undefined && { 'subject.id': subjectId }),
    };
    const records = await this.entries.find(wanted, { sort: { seq: 1 }, limit }).toArray();
    return records.map(toLogEntry);
  }

  /** Whether there was none. */
  private async makeLease(_id: Types.ObjectId): Promise<boolean> {
    try {
      await this.leases.insertOne({ _id, tenantId: _id, owner: '', until: RELEASED });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}
