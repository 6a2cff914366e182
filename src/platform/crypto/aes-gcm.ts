import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SealedBytes } from '../../domain/secrets/secret.js';

export const AES_KEY_BYTES = 32;
/** 96 bits, as NIST SP 800-38D recommends; at random, which holds for far more than a key is ever used for here. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM. `context` is bound to what is sealed (as additional authenticated data), and not kept in it. */
export function sealBytes(key: Uint8Array, bytes: Uint8Array, context: string): SealedBytes {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(context, 'utf8'));
  const data = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return { nonce, tag: cipher.getAuthTag(), data };
}

/** null when the key, the context or a single bit is another one. */
export function openBytes(key: Uint8Array, { nonce, tag, data }: SealedBytes, context: string): Buffer | null {
  if (nonce.length !== NONCE_BYTES || tag.length !== TAG_BYTES) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(data), decipher.final()]);
  } catch {
    return null;
  }
}

/** Nonce, tag and data in one. */
export const joinSealed = ({ nonce, tag, data }: SealedBytes): Buffer => Buffer.concat([nonce, tag, data]);

export const splitSealed = (bytes: Uint8Array): SealedBytes => ({
  nonce: bytes.subarray(0, NONCE_BYTES),
  tag: bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES),
  data: bytes.subarray(NONCE_BYTES + TAG_BYTES),
});
