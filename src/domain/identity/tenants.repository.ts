import type { DomainEvent } from '../events/domain-events.js';
import type { ApiKeyId, TenantId } from '../ids.js';
import type { Tenant } from './tenant.js';

export abstract class Tenants {
  /**
   * Inserts the tenant, its first key counted as an admin key.
   * @returns the tenant of that name: this one, or the one that was there before
   */
  abstract insertOnce(tenant: Tenant, event: DomainEvent): Promise<{ tenant: Tenant; inserted: boolean }>;
  abstract find(id: TenantId): Promise<Tenant | null>;
  abstract findByName(name: string): Promise<Tenant | null>;
  /** Counts an admin key that does not expire. Doing it twice does nothing. */
  abstract countAdminKey(tenantId: TenantId, key: ApiKeyId): Promise<void>;
  /** Stops counting an admin key unless it is the last one that is counted. */
  abstract discountAdminKey(tenantId: TenantId, key: ApiKeyId): Promise<'discounted' | 'last' | 'not-counted'>;
}
