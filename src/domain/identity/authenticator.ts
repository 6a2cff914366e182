import type { ApiKeyId, TenantId } from '../ids.js';
import type { Principal } from './principal.js';

/** What became of an API key that a request carried. */
export type Authentication =
  | { readonly kind: 'accepted'; readonly principal: Principal }
  | {
      readonly kind: 'refused';
      /** `revoked` and `expired` are only told to who has the right secret. */
      readonly reason: 'unknown' | 'revoked' | 'expired' | 'ticket';
      /** Whose log notes it: the key's tenant when the key is real, else the first tenant of this installation. */
      readonly tenantId: TenantId;
      readonly apiKeyId: ApiKeyId | null;
    };

/** Finds out who calls. */
export abstract class Authenticator {
  /** Answers at once for a key that it has verified a moment ago, so that a request need not wait for the database. */
  abstract authenticate(token: string): Authentication | Promise<Authentication>;
  /** Who it is that a ticket for this path stands for. It is used up by that. */
  abstract redeem(ticket: string, path: string): Promise<Authentication>;
  /** Whether a key that was accepted before still is. */
  abstract recall(tenantId: TenantId, apiKeyId: ApiKeyId): Promise<Authentication>;
  /** Who calls when no key is needed (MUSTER_DEV_NO_AUTH): the first admin of the first tenant. */
  abstract developer(): Principal;
  /** The first tenant of this installation, whose log notes what concerns no other. */
  abstract homeTenant(): TenantId;
}
