import { Types } from 'mongoose';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import type { ApiKey, StoredApiKey } from '../../domain/identity/api-key.js';
import type { Tenant } from '../../domain/identity/tenant.js';
import type { ApiKeyId, TenantId } from '../../domain/ids.js';
import { toOutboxRecord } from '../outbox/outbox.schema.js';
import type { ApiKeyRecord } from './api-key.schema.js';
import type { TenantRecord } from './tenant.schema.js';

export function toTenantRecord(tenant: Tenant, event: DomainEvent): TenantRecord {
  const id = new Types.ObjectId(tenant.id);
  const firstKeyId = new Types.ObjectId(tenant.firstKeyId);
  return {
    _id: id,
    tenantId: id,
    name: tenant.name,
    firstKeyId,
    adminKeyIds: [firstKeyId],
    createdAt: tenant.createdAt,
    outbox: [toOutboxRecord(event)],
  };
}

export function fromTenantRecord(record: TenantRecord): Tenant {
  return {
    id: record._id.toHexString() as TenantId,
    name: record.name,
    firstKeyId: record.firstKeyId.toHexString() as ApiKeyId,
    createdAt: record.createdAt,
  };
}

export function toApiKeyRecord(key: StoredApiKey, event: DomainEvent): ApiKeyRecord {
  return {
    _id: new Types.ObjectId(key.id),
    tenantId: new Types.ObjectId(key.tenantId),
    name: key.name,
    role: key.role,
    keyHash: key.keyHash,
    createdAt: key.createdAt,
    expiresAt: key.expiresAt,
    revokedAt: key.revokedAt,
    outbox: [toOutboxRecord(event)],
  };
}

export function fromApiKeyRecord(record: ApiKeyRecord): ApiKey {
  return {
    id: record._id.toHexString() as ApiKeyId,
    tenantId: record.tenantId.toHexString() as TenantId,
    name: record.name,
    role: record.role,
    createdAt: record.createdAt,
    expiresAt: record.expiresAt,
    revokedAt: record.revokedAt,
  };
}

export const fromStoredApiKeyRecord = (record: ApiKeyRecord): StoredApiKey => ({
  ...fromApiKeyRecord(record),
  keyHash: record.keyHash,
});
