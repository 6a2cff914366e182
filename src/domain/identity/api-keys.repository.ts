import type { DomainEvent } from '../events/domain-events.js';
import type { ApiKeyId, TenantId } from '../ids.js';
import type { Page, PageRequest } from '../page.js';
import type { ApiKey, StoredApiKey } from './api-key.js';

export abstract class ApiKeys {
  /** Inserts the key unless one with its id exists; says which happened. */
  abstract insertOnce(key: StoredApiKey, event: DomainEvent): Promise<'inserted' | 'existed'>;
  /** @throws NotFoundError */
  abstract get(tenantId: TenantId, id: ApiKeyId): Promise<ApiKey>;
  /** For verifying. null when there is none. */
  abstract findStored(tenantId: TenantId, id: ApiKeyId): Promise<StoredApiKey | null>;
  /** For keys whose text does not name them: the one an operator chose. */
  abstract findByHash(keyHash: string): Promise<StoredApiKey | null>;
  /** Newest first, revoked ones included. */
  abstract list(tenantId: TenantId, page: PageRequest): Promise<Page<ApiKey>>;
  /** Revokes a key that is not revoked yet. @throws NotFoundError, OutboxFullError */
  abstract revoke(tenantId: TenantId, id: ApiKeyId, at: Date, event: DomainEvent): Promise<'revoked' | 'was-revoked'>;
}
