import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { StoredApiKey } from '../../domain/identity/api-key.js';
import type { ApiKeys } from '../../domain/identity/api-keys.repository.js';
import type { Tickets } from '../../domain/identity/tickets.repository.js';
import type { ApiKeyId, TenantId } from '../../domain/ids.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { hashKey, newSecret, writeKey } from './key-text.js';

const TENANT = 'a'.repeat(24) as TenantId;
const HOME = 'b'.repeat(24) as TenantId;
const ID = 'c'.repeat(24) as ApiKeyId;

describe('ApiKeyAuthenticator', () => {
  const text = writeKey({ tenantId: TENANT, apiKeyId: ID, secret: newSecret() });
  let stored: StoredApiKey | null;
  let reads: number;
  let sut: ApiKeyAuthenticator;

  beforeEach(() => {
    jest.useFakeTimers({ now: 1_000_000 });
    reads = 0;
    stored = {
      id: ID,
      tenantId: TENANT,
      name: 'x',
      role: 'operator',
      keyHash: hashKey(text),
      createdAt: new Date(),
      expiresAt: null,
      revokedAt: null,
    };
    const read = (): Promise<StoredApiKey | null> => {
      reads += 1;
      return Promise.resolve(stored);
    };
    sut = new ApiKeyAuthenticator(
      { findStored: read, findByHash: () => Promise.resolve(null) } as unknown as ApiKeys,
      {} as Tickets,
    );
    sut.settleHome({ id: HOME, name: 'default', firstKeyId: 'd'.repeat(24) as ApiKeyId, createdAt: new Date() });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('reads a key once, and then answers without waiting', async () => {
    expect(await sut.authenticate(text)).toMatchObject({
      kind: 'accepted',
      principal: { tenantId: TENANT, apiKeyId: ID, role: 'operator', ofHomeTenant: false },
    });
    expect(sut.authenticate(text)).not.toBeInstanceOf(Promise);
    expect(reads).toBe(1);
  });

  it('reads it once for many who ask at once', async () => {
    await Promise.all(Array.from({ length: 20 }, async () => sut.authenticate(text)));
    expect(reads).toBe(1);
  });

  it('looks again after five seconds', async () => {
    await sut.authenticate(text);
    stored = { ...stored!, revokedAt: new Date() };
    jest.advanceTimersByTime(4_999);
    expect(await sut.authenticate(text)).toMatchObject({ kind: 'accepted' });
    jest.advanceTimersByTime(1);
    expect(await sut.authenticate(text)).toMatchObject({ kind: 'refused', reason: 'revoked', tenantId: TENANT });
  });

  it('does not trust a key beyond its end', async () => {
    stored = { ...stored!, expiresAt: new Date(Date.now() + 2_000) };
    expect(await sut.authenticate(text)).toMatchObject({ kind: 'accepted' });
    jest.advanceTimersByTime(2_000);
    expect(await sut.authenticate(text)).toMatchObject({ kind: 'refused', reason: 'expired' });
  });

  it('forgets a key that was revoked here, also one that was just being read', async () => {
    const asking = sut.authenticate(text);
    sut.forget(ID);
    await asking;
    stored = { ...stored!, revokedAt: new Date() };
    expect(await sut.authenticate(text)).toMatchObject({ kind: 'refused', reason: 'revoked' });
  });

  it('says "unknown" to whoever has not the whole key, whatever became of it', async () => {
    stored = { ...stored!, revokedAt: new Date() };
    const other = writeKey({ tenantId: TENANT, apiKeyId: ID, secret: newSecret() });
    for (const wrong of [other, text.slice(0, -1), 'nonsense', '']) {
      expect(await sut.authenticate(wrong)).toEqual({
        kind: 'refused',
        reason: 'unknown',
        tenantId: HOME,
        apiKeyId: null,
      });
    }
  });

  it('does not remember that a key was refused', async () => {
    const made = stored;
    stored = null;
    expect(await sut.authenticate(text)).toMatchObject({ kind: 'refused' });
    stored = made;
    expect(await sut.authenticate(text)).toMatchObject({ kind: 'accepted' });
  });
});
