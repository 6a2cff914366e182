import type { Actor } from '../events/actor.js';
import type { ApiKeyId, TenantId } from '../ids.js';
import type { Role } from './permissions.js';

/** Who calls: known from the API key, never from anything else the client says. */
export interface Principal {
  readonly tenantId: TenantId;
  readonly apiKeyId: ApiKeyId;
  readonly role: Role;
}

export const actorOf = (principal: Principal): Actor => ({ type: 'api-key', id: principal.apiKeyId });
