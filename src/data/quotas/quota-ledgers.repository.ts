import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import type { TenantId } from '../../domain/ids.js';
import { holdingKey } from '../../domain/quotas/holding.js';
import { QuotaLedgers, type LedgerChange, type QuotaLedger } from '../../domain/quotas/quota-ledger.js';
import { driverCollection } from '../database/driver-collection.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { outboxHasRoom, toOutboxRecord } from '../outbox/outbox.schema.js';
import { fromHolding, toQuotaLedger, type ReadQuotaLedger } from './quota-ledger.mapper.js';
import { QUOTA_LEDGERS, type QuotaLedgerRecord } from './quota-ledger.schema.js';

@Injectable()
export class MongoQuotaLedgers extends QuotaLedgers {
  private readonly collection: mongo.Collection<QuotaLedgerRecord>;

  constructor(@InjectModel(QUOTA_LEDGERS) model: Model<QuotaLedgerRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async find(tenantId: TenantId): Promise<QuotaLedger | null> {
    const record = await this.collection.findOne<ReadQuotaLedger>(
      { _id: new Types.ObjectId(tenantId) },
      { projection: { outbox: 0 } },
    );
    return record === null ? null : toQuotaLedger(record);
  }

  async write(ledger: Pick<QuotaLedger, 'tenantId' | 'version'>, change: LedgerChange): Promise<boolean> {
    return ledger.version === 0 ? this.insert(ledger.tenantId, change) : this.update(ledger, change);
  }

  async tenants(after: TenantId | null, limit: number): Promise<readonly TenantId[]> {
    const found = await this.collection
      .find(after === null ? {} : { _id: { $gt: new Types.ObjectId(after) } })
      .sort({ _id: 1 })
      .limit(limit)
      .project<{ _id: Types.ObjectId }>({ _id: 1 })
      .toArray();
    return found.map(({ _id }) => _id.toHexString() as TenantId);
  }

  private async insert(tenantId: TenantId, { put, limits, projects, events }: LedgerChange): Promise<boolean> {
    const _id = new Types.ObjectId(tenantId);
    try {
      await this.collection.insertOne({
        _id,
        tenantId: _id,
        version: 1,
        limits: limits ?? {},
        projects: Object.fromEntries(projects),
        held: Object.fromEntries(put.map((holding) => [holdingKey(holding), fromHolding(holding)])),
        outbox: events.map(toOutboxRecord),
      });
      return true;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return false;
    }
  }

  private async update(
    { tenantId, version }: Pick<QuotaLedger, 'tenantId' | 'version'>,
    { put, drop, limits, projects, events }: LedgerChange,
  ): Promise<boolean> {
    const _id = new Types.ObjectId(tenantId);
    const set: Record<string, unknown> = { version: version + 1 };
    if (limits !== undefined) set['limits'] = limits;
    for (const [projectId, own] of projects) set[`projects.${projectId}`] = own;
    for (const holding of put) set[`held.${holdingKey(holding)}`] = fromHolding(holding);
    const unset = Object.fromEntries(drop.map((key) => [`held.${key}`, '']));
    const { matchedCount } = await this.collection.updateOne(
      { _id, version, ...(events.length === 0 ? {} : outboxHasRoom(OUTBOX_LIMIT, events.length)) },
      {
        $set: set,
        ...(drop.length === 0 ? {} : { $unset: unset }),
        ...(events.length === 0 ? {} : { $push: { outbox: { $each: events.map(toOutboxRecord) } } }),
      } as mongo.UpdateFilter<QuotaLedgerRecord>,
    );
    if (matchedCount === 1) return true;
    if ((await this.collection.countDocuments({ _id, version })) === 1) throw new OutboxFullError('quota', tenantId);
    return false;
  }
}
