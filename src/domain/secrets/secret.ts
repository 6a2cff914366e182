import type { Actor } from '../events/actor.js';
import type { ProjectId, SecretId, TenantId } from '../ids.js';
import type { WrappedKey } from './key-wrapper.js';

/** The longest value, in bytes. */
export const SECRET_MOST_BYTES = 64 * 1024;

/** Most secrets that a project can have of its own, or a tenant for all its projects. */
export const SECRETS_MOST = 500;

/** Whose a secret is: a project's own, or, with null, the tenant's for all its projects. */
export interface SecretScope {
  readonly tenantId: TenantId;
  readonly projectId: ProjectId | null;
}

/** What there is to be told of a secret. Its value is no part of it. */
export interface Secret extends SecretScope {
  readonly id: SecretId;
  readonly name: string;
  /** Raised by every new value, and never given twice: what was deleted goes on counting when it is set again. */
  readonly version: number;
  readonly createdAt: Date;
  readonly createdBy: Actor;
  readonly updatedAt: Date;
  readonly updatedBy: Actor;
}

/** Bytes that were sealed with AES-256-GCM. */
export interface SealedBytes {
  /** 12 bytes, used for these alone. */
  readonly nonce: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
  readonly data: Uint8Array;
}

/** A value as it is kept: sealed with a key of its own, which is wrapped with the installation's. */
export interface SealedValue extends SealedBytes {
  readonly key: WrappedKey;
}

export interface SealedSecret {
  readonly secret: Secret;
  readonly value: SealedValue;
}

/** What a sealed value is bound to: moved to another secret, or another version, it does not open. */
export const sealContext = ({
  tenantId,
  projectId,
  name,
  version,
}: SecretScope & Pick<Secret, 'name' | 'version'>): string =>
  JSON.stringify(['muster-secret-1', tenantId, projectId, name, version]);
