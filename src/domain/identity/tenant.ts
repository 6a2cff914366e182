import type { ApiKeyId, TenantId } from '../ids.js';

/** Whose templates, projects and agents they are. Nothing is shared between tenants. */
export interface Tenant {
  readonly id: TenantId;
  /** Unique in the installation. */
  readonly name: string;
  /** Id of the tenant's first admin key, settled with the tenant so that two processes make the same one. */
  readonly firstKeyId: ApiKeyId;
  readonly createdAt: Date;
}

/** Name of the tenant that is there from the first start; its admins make the others. */
export const HOME_TENANT = 'default';
