import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import { withoutHash, type ApiKey, type StoredApiKey } from '../../domain/identity/api-key.js';
import { ApiKeys } from '../../domain/identity/api-keys.repository.js';
import type { ApiKeyId, TenantId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { beforeCursor } from '../database/before-cursor.js';
import { driverCollection } from '../database/driver-collection.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { outboxHasRoom, toOutboxRecord } from '../outbox/outbox.schema.js';
import { API_KEYS, type ApiKeyRecord } from './api-key.schema.js';
import { fromApiKeyRecord, fromStoredApiKeyRecord, toApiKeyRecord } from './identity.mapper.js';

@Injectable()
export class MongoApiKeys extends ApiKeys {
  private readonly collection: mongo.Collection<ApiKeyRecord>;

  constructor(@InjectModel(API_KEYS) private readonly model: Model<ApiKeyRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async insertOnce(key: StoredApiKey, event: DomainEvent): Promise<'inserted' | 'existed'> {
    try {
      await this.collection.insertOne(toApiKeyRecord(key, event));
      return 'inserted';
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return 'existed';
    }
  }

  async get(tenantId: TenantId, id: ApiKeyId): Promise<ApiKey> {
    const found = await this.findStored(tenantId, id);
    if (found === null) throw new NotFoundError('API key', id);
    return withoutHash(found);
  }

  async findStored(tenantId: TenantId, id: ApiKeyId): Promise<StoredApiKey | null> {
    const record = await this.model
      .findOne({ _id: new Types.ObjectId(id), tenantId: new Types.ObjectId(tenantId) })
      .lean<ApiKeyRecord>();
    return record === null ? null : fromStoredApiKeyRecord(record);
  }

  async findByHash(keyHash: string): Promise<StoredApiKey | null> {
    const record = await this.model.findOne({ keyHash }).lean<ApiKeyRecord>();
    return record === null ? null : fromStoredApiKeyRecord(record);
  }

  async list(tenantId: TenantId, { limit, cursor }: PageRequest): Promise<Page<ApiKey>> {
    const records = await this.model
      .find({ tenantId: new Types.ObjectId(tenantId), ...beforeCursor(cursor) })
      .sort({ _id: -1 })
      .limit(limit + 1)
      .lean<ApiKeyRecord[]>();
    const items = records.slice(0, limit).map(fromApiKeyRecord);
    return { items, nextCursor: records.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async revoke(tenantId: TenantId, id: ApiKeyId, at: Date, event: DomainEvent): Promise<'revoked' | 'was-revoked'> {
    const { matchedCount } = await this.collection.updateOne(
      {
        _id: new Types.ObjectId(id),
        tenantId: new Types.ObjectId(tenantId),
        revokedAt: null,
        ...outboxHasRoom(OUTBOX_LIMIT),
      },
      { $set: { revokedAt: at }, $push: { outbox: toOutboxRecord(event) } },
    );
    if (matchedCount === 1) return 'revoked';
    const key = await this.get(tenantId, id);
    if (key.revokedAt !== null) return 'was-revoked';
    throw new OutboxFullError('API key', id);
  }
}
