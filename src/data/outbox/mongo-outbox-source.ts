import { Types, type Model } from 'mongoose';
import type { SubjectType } from '../../domain/events/domain-events.js';
import { OutboxSource, type OutboxBacklog, type PendingEvents } from '../../domain/events/outbox-source.js';
import type { EventId, TenantId } from '../../domain/ids.js';
import { fromOutboxRecord, type OutboxRecord } from './outbox.schema.js';

/** What a document needs to have for its events to be relayed. */
export interface WithOutbox {
  _id: Types.ObjectId;
  tenantId: Types.ObjectId;
  outbox: OutboxRecord[];
}

/** The outboxes of one collection. Write and read concern are the connection's: majority, journaled. */
export class MongoOutboxSource extends OutboxSource {
  constructor(
    readonly subjectType: SubjectType,
    private readonly model: Model<WithOutbox>,
  ) {
    super();
  }

  async read(documentIds: readonly string[]): Promise<readonly PendingEvents[]> {
    return this.find({ _id: { $in: documentIds.map((id) => new Types.ObjectId(id)) } }, documentIds.length);
  }

  async findPending(limit: number): Promise<readonly PendingEvents[]> {
    return this.find({ 'outbox.eventId': { $exists: true } }, limit);
  }

  async backlog(): Promise<OutboxBacklog> {
    const [found] = await this.model.collection
      .aggregate<OutboxBacklog>([
        { $match: { 'outbox.eventId': { $exists: true } } },
        { $group: { _id: null, documents: { $sum: 1 }, oldest: { $min: { $arrayElemAt: ['$outbox.at', 0] } } } },
      ])
      .toArray();
    return { documents: found?.documents ?? 0, oldest: found?.oldest ?? null };
  }

  async acknowledge(documentIds: readonly string[], eventIds: readonly EventId[]): Promise<void> {
    await this.model.updateMany(
      { _id: { $in: documentIds.map((id) => new Types.ObjectId(id)) } },
      { $pull: { outbox: { eventId: { $in: eventIds.map((id) => new Types.ObjectId(id)) } } } },
      { timestamps: false },
    );
  }

  private async find(filter: Record<string, unknown>, limit: number): Promise<readonly PendingEvents[]> {
    const found = await this.model.collection
      .find<WithOutbox>(filter, { projection: { tenantId: 1, outbox: 1 }, limit })
      .toArray();
    return found
      .filter((document) => document.outbox.length > 0)
      .map((document) => ({
        documentId: document._id.toHexString(),
        tenantId: document.tenantId.toHexString() as TenantId,
        events: document.outbox.map(fromOutboxRecord),
      }));
  }
}
