import { Types, type mongo } from 'mongoose';
import type { ProjectId, SecretId, TenantId } from '../../domain/ids.js';
import type { WrappedKey } from '../../domain/secrets/key-wrapper.js';
import type { SealedSecret, SealedValue, Secret, SecretScope } from '../../domain/secrets/secret.js';
import type { SealedRecord, SecretRecord } from './secret.schema.js';

/** What a read has to bring where nothing is opened. */
export const SECRET_PROJECTION = { outbox: 0, sealed: 0 } as const;

export type ReadSecret = Omit<SecretRecord, keyof typeof SECRET_PROJECTION>;

export const toSecret = (record: ReadSecret): Secret => ({
  id: record._id.toHexString() as SecretId,
  tenantId: record.tenantId.toHexString() as TenantId,
  projectId: record.projectId === null ? null : (record.projectId.toHexString() as ProjectId),
  name: record.name,
  version: record.version,
  createdAt: record.createdAt,
  createdBy: record.createdBy,
  updatedAt: record.updatedAt,
  updatedBy: record.updatedBy,
});

export const fromScope = ({ tenantId, projectId }: SecretScope): Pick<SecretRecord, 'tenantId' | 'projectId'> => ({
  tenantId: new Types.ObjectId(tenantId),
  projectId: projectId === null ? null : new Types.ObjectId(projectId),
});

/** A new document of it, its outbox empty. */
export const fromSealedSecret = ({ secret, value }: SealedSecret): SecretRecord => ({
  _id: new Types.ObjectId(secret.id),
  ...fromScope(secret),
  name: secret.name,
  version: secret.version,
  sealed: fromSealedValue(value),
  createdAt: secret.createdAt,
  createdBy: secret.createdBy,
  updatedAt: secret.updatedAt,
  updatedBy: secret.updatedBy,
  outbox: [],
});

export const fromSealedValue = ({ nonce, tag, data, key }: SealedValue): SealedRecord => ({
  nonce: Buffer.from(nonce),
  tag: Buffer.from(tag),
  data: Buffer.from(data),
  key: fromWrappedKey(key),
});

export const toSealedValue = ({ nonce, tag, data, key }: SealedRecord): SealedValue => ({
  nonce: bytesOf(nonce),
  tag: bytesOf(tag),
  data: bytesOf(data),
  key: toWrappedKey(key),
});

export const fromWrappedKey = ({ keyId, data }: WrappedKey): SealedRecord['key'] => ({
  keyId,
  data: Buffer.from(data),
});

export const toWrappedKey = ({ keyId, data }: SealedRecord['key']): WrappedKey => ({ keyId, data: bytesOf(data) });

/** The driver gives bytes back in a wrapping of its own. */
const bytesOf = (stored: Buffer | mongo.Binary): Uint8Array => (Buffer.isBuffer(stored) ? stored : stored.value());
