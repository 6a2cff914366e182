import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import type { Tenant } from '../../domain/identity/tenant.js';
import { Tenants } from '../../domain/identity/tenants.repository.js';
import type { ApiKeyId, TenantId } from '../../domain/ids.js';
import { driverCollection } from '../database/driver-collection.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { fromTenantRecord, toTenantRecord } from './identity.mapper.js';
import { TENANTS, type TenantRecord } from './tenant.schema.js';

@Injectable()
export class MongoTenants extends Tenants {
  private readonly collection: mongo.Collection<TenantRecord>;

  constructor(@InjectModel(TENANTS) private readonly model: Model<TenantRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async insertOnce(tenant: Tenant, event: DomainEvent): Promise<{ tenant: Tenant; inserted: boolean }> {
    try {
      await this.collection.insertOne(toTenantRecord(tenant, event));
      return { tenant, inserted: true };
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      const winner = await this.findByName(tenant.name);
      if (winner === null) throw new ConcurrentUpdateError('tenant', tenant.name);
      return { tenant: winner, inserted: false };
    }
  }

  async find(id: TenantId): Promise<Tenant | null> {
    const record = await this.model.findOne({ _id: new Types.ObjectId(id) }).lean<TenantRecord>();
    return record === null ? null : fromTenantRecord(record);
  }

  async findByName(name: string): Promise<Tenant | null> {
    const record = await this.model.findOne({ name }).lean<TenantRecord>();
    return record === null ? null : fromTenantRecord(record);
  }

  async countAdminKey(tenantId: TenantId, key: ApiKeyId): Promise<void> {
    await this.collection.updateOne(
      { _id: new Types.ObjectId(tenantId) },
      { $addToSet: { adminKeyIds: new Types.ObjectId(key) } },
    );
  }

  async discountAdminKey(tenantId: TenantId, key: ApiKeyId): Promise<'discounted' | 'last' | 'not-counted'> {
    const adminKeyId = new Types.ObjectId(key);
    const _id = new Types.ObjectId(tenantId);
    const { matchedCount } = await this.collection.updateOne(
      { _id, adminKeyIds: adminKeyId, 'adminKeyIds.1': { $exists: true } },
      { $pull: { adminKeyIds: adminKeyId } },
    );
    if (matchedCount === 1) return 'discounted';
    const counted = await this.collection.countDocuments({ _id, adminKeyIds: adminKeyId });
    return counted === 1 ? 'last' : 'not-counted';
  }
}
