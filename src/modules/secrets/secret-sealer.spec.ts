import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { newId, type ProjectId, type SecretId, type TenantId } from '../../domain/ids.js';
import type { SealedSecret, Secret } from '../../domain/secrets/secret.js';
import { KeyFileWrapper } from '../../platform/crypto/key-file-wrapper.js';
import { SecretSealer } from './secret-sealer.js';

const by = { type: 'system', id: 'test' } as const;
const secret: Secret = {
  id: newId<SecretId>(),
  tenantId: newId<TenantId>(),
  projectId: newId<ProjectId>(),
  name: 'team/token',
  version: 3,
  createdAt: new Date(),
  createdBy: by,
  updatedAt: new Date(),
  updatedBy: by,
};
const value = Buffer.from('correct horse battery staple');

describe('a sealed value', () => {
  const key = randomBytes(32);
  let sut: SecretSealer;
  let sealed: SealedSecret;

  beforeEach(async () => {
    sut = new SecretSealer(new KeyFileWrapper(key));
    sealed = { secret, value: await sut.seal(secret, value) };
  });

  it('opens as what it was, and shows nothing of it until then', async () => {
    expect(Buffer.from((await sut.open(sealed))!)).toEqual(value);
    const kept = Buffer.concat([sealed.value.nonce, sealed.value.tag, sealed.value.data, sealed.value.key.data]);
    expect(kept.includes(value)).toBe(false);
    expect(kept.includes(key)).toBe(false);
  });

  it('has a key and a nonce of its own: the same value never looks the same', async () => {
    const again = await sut.seal(secret, value);
    for (const part of ['nonce', 'tag', 'data'] as const) expect(again[part]).not.toEqual(sealed.value[part]);
    expect(again.key.data).not.toEqual(sealed.value.key.data);
  });

  it.each<[string, Partial<Secret>]>([
    ['tenant', { tenantId: newId<TenantId>() }],
    ['project', { projectId: newId<ProjectId>() }],
    ['scope', { projectId: null }],
    ['name', { name: 'team/other' }],
    ['version', { version: 4 }],
  ])('does not open as that of another %s', async (_what, change) => {
    expect(await sut.open({ ...sealed, secret: { ...secret, ...change } })).toBeNull();
  });

  it('does not open when a single bit of it is another', async () => {
    const { value: whole } = sealed;
    const flipped = (bytes: Uint8Array, at: number): Buffer => {
      const copy = Buffer.from(bytes);
      copy[at] = copy[at]! ^ 1;
      return copy;
    };
    for (const part of ['nonce', 'tag', 'data'] as const) {
      const changed = { ...whole, [part]: flipped(whole[part], 0) };
      expect([part, await sut.open({ secret, value: changed })]).toEqual([part, null]);
    }
    for (let at = 0; at < whole.key.data.length; at++) {
      const changed = { ...whole, key: { ...whole.key, data: flipped(whole.key.data, at) } };
      expect([at, await sut.open({ secret, value: changed })]).toEqual([at, null]);
    }
    // A tag that was cut is no shorter proof.
    expect(await sut.open({ secret, value: { ...whole, tag: whole.tag.subarray(0, 4) } })).toBeNull();
  });

  it('opens with another installation key only where the old one is there too', async () => {
    const next = randomBytes(32);
    expect(await new SecretSealer(new KeyFileWrapper(next)).open(sealed)).toBeNull();
    const rotated = new KeyFileWrapper(next, [key]);
    expect(Buffer.from((await new SecretSealer(rotated).open(sealed))!)).toEqual(value);
    expect((await new SecretSealer(rotated).seal(secret, value)).key.keyId).toBe(new KeyFileWrapper(next).currentKeyId);
  });
});
