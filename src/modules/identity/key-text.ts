import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ApiKeyId, TenantId } from '../../domain/ids.js';

const KEY = /^muster_([0-9a-f]{24})_([0-9a-f]{24})_([A-Za-z0-9_-]{43})$/;

/** A key's text, taken apart. It names its tenant and itself, so that verifying it is one read by primary key. */
export interface KeyText {
  readonly tenantId: TenantId;
  readonly apiKeyId: ApiKeyId;
  readonly secret: string;
}

/** 256 random bits, base64url. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

export const writeKey = ({ tenantId, apiKeyId, secret }: KeyText): string => `muster_${tenantId}_${apiKeyId}_${secret}`;

/** null for text of another form. */
export function readKey(text: string): KeyText | null {
  const [, tenantId, apiKeyId, secret] = KEY.exec(text) ?? [];
  if (tenantId === undefined || apiKeyId === undefined || secret === undefined) return null;
  return { tenantId: tenantId as TenantId, apiKeyId: apiKeyId as ApiKeyId, secret };
}

/** SHA-256 of the key's whole text, lower-case hex: what is stored. */
export const hashKey = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** Compares two hashes of equal length in constant time. */
export const sameHash = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(one, 'hex'), Buffer.from(other, 'hex'));
