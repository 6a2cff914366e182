import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { KeyWrapper } from '../../domain/secrets/key-wrapper.js';
import { sealContext, type SealedSecret, type SealedValue, type Secret } from '../../domain/secrets/secret.js';
import { AES_KEY_BYTES, openBytes, sealBytes } from '../../platform/crypto/aes-gcm.js';

/** Seals values, each with a key of its own, and opens them: only as the version of the secret that they were sealed as. */
@Injectable()
export class SecretSealer {
  constructor(private readonly wrapper: KeyWrapper) {}

  async seal(secret: Secret, value: Uint8Array): Promise<SealedValue> {
    const context = sealContext(secret);
    const key = randomBytes(AES_KEY_BYTES);
    try {
      return { ...sealBytes(key, value, context), key: await this.wrapper.wrap(key, context) };
    } finally {
      key.fill(0);
    }
  }

  /** null when its key is not here, or anything of it is not as it was sealed. */
  async open({ secret, value }: SealedSecret): Promise<Uint8Array | null> {
    const context = sealContext(secret);
    const key = await this.wrapper.unwrap(value.key, context);
    if (key === null) return null;
    try {
      return openBytes(key, value, context);
    } finally {
      key.fill(0);
    }
  }
}
