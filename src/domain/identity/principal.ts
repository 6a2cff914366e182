import type { Actor } from '../events/actor.js';
import type { ApiKeyId, TenantId } from '../ids.js';
import { INSTALLATION_PERMISSIONS, may, type Permission, type Role } from './permissions.js';

/** Who calls: known from the API key, never from anything else the client says. */
export interface Principal {
  readonly tenantId: TenantId;
  readonly apiKeyId: ApiKeyId;
  readonly role: Role;
  /** The key is of this installation's first tenant, whose admins make the other tenants. */
  readonly ofHomeTenant?: boolean;
}

export const actorOf = (principal: Principal): Actor => ({ type: 'api-key', id: principal.apiKeyId });

/** What this caller may: the role's permissions, without those of the installation unless the key is at home there. */
export function holds(principal: Principal, permission: Permission): boolean {
  const ofInstallation = INSTALLATION_PERMISSIONS.includes(permission);
  return may(principal.role, permission) && (!ofInstallation || principal.ofHomeTenant === true);
}
