import type { ApiKeyId, TenantId } from '../ids.js';
import type { Role } from './permissions.js';

/** What is known of an API key; never the key itself. */
export interface ApiKey {
  readonly id: ApiKeyId;
  readonly tenantId: TenantId;
  /** For people: whose it is, or what for. */
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Date;
  /** null: it does not expire. */
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** An API key together with what proves it. */
export interface StoredApiKey extends ApiKey {
  /** SHA-256 of the key's text, lower-case hex. Its secret has 256 random bits, so a slow hash would add nothing. */
  readonly keyHash: string;
}

/** What may be shown of a stored key. */
export function withoutHash({ id, tenantId, name, role, createdAt, expiresAt, revokedAt }: StoredApiKey): ApiKey {
  return { id, tenantId, name, role, createdAt, expiresAt, revokedAt };
}
