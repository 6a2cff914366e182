import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId, type TenantId } from '../../domain/ids.js';
import type { Configuration } from '../../platform/config/configuration.js';
import { ManifestSigner, writeKeys } from '../../../test/support/manifest-signer.js';
import { temporaryFolder } from '../../../test/support/temporary-folder.js';
import { ManifestKeys } from './manifest-keys.js';
import { SignedManifests } from './signed-manifests.js';

const tenantId = newId<TenantId>();
const FACTS = {
  tenantId,
  name: 'demo',
  profile: 'illuvrse',
  template: { name: 'reviewer', version: 1, digest: 'a'.repeat(64) },
};

describe('SignedManifests', () => {
  let signer: ManifestSigner;
  let file: string;
  let keys: ManifestKeys;
  let sut: SignedManifests;
  let remove: () => Promise<void>;

  const pointers = async (given: object, now?: Date): Promise<string[]> => {
    try {
      await sut.verify(given, tenantId, now);
      return [];
    } catch (error) {
      expect(error).toMatchObject({ code: 'SIGNED_MANIFEST_INVALID' });
      return (error as { faults: { pointer: string }[] }).faults.map(({ pointer }) => pointer);
    }
  };
  const good = (more: object = {}): { manifest: object; signature: string } =>
    signer.signed(signer.manifest({ ...FACTS, ...more }));

  beforeEach(async () => {
    const folder = await temporaryFolder();
    file = join(folder.path, 'keys.json');
    signer = new ManifestSigner('kernel-1');
    await writeKeys(file, [signer]);
    keys = new ManifestKeys({ manifestKeysFile: file } as Configuration);
    sut = new SignedManifests(keys);
    remove = folder.remove;
  });

  afterEach(async () => {
    await remove();
  });

  it('takes what a trusted key has signed, whatever the order of its members', async () => {
    const { manifest, signature } = good({ metadata: { z: 1, a: 'ü' } });
    const turned = Object.fromEntries(Object.entries(manifest).reverse());
    const [one, other] = [
      await sut.verify({ manifest, signature }, tenantId),
      await sut.verify({ signature, manifest: turned }, tenantId),
    ];
    expect(one.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(other.digest).toBe(one.digest);
  });

  it('refuses what was changed after it was signed, in any member', async () => {
    const { manifest, signature } = good({ image: 'a', project: 'b', metadata: { c: 1 } });
    const changed: Record<string, unknown> = {
      nonce: 'another-nonce',
      name: 'other',
      profile: 'personal',
      image: 'evil',
      project: 'c',
      metadata: { c: 2 },
      template: { ...FACTS.template, version: 2 },
      expiresAt: '2099-01-01T00:00:00Z',
      issuedAt: '2020-01-01T00:00:00Z',
    };
    for (const [field, value] of Object.entries(changed)) {
      const told = await pointers({ manifest: { ...manifest, [field]: value }, signature });
      expect([field, told]).toEqual([field, ['/signed_manifest/signature']]);
    }
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    expect(await pointers({ manifest, signature: flipped })).toEqual(['/signed_manifest/signature']);
  });

  it('refuses the signature of a key that is not trusted, and of another trusted one', async () => {
    const stranger = new ManifestSigner('stranger');
    const impostor = new ManifestSigner('kernel-1');
    expect(await pointers(stranger.signed(stranger.manifest(FACTS)))).toEqual(['/signed_manifest/manifest/keyId']);
    expect(await pointers(impostor.signed(impostor.manifest(FACTS)))).toEqual(['/signed_manifest/signature']);
  });

  it('refuses what is over, not yet, never, or of another tenant, all told at once', async () => {
    const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
    expect(await pointers(good({ expiresAt: at(-1) }))).toEqual(['/signed_manifest/manifest/expiresAt']);
    const later = { issuedAt: at(120_000), expiresAt: at(1000), tenantId: newId<TenantId>() };
    expect(await pointers(good(later))).toEqual([
      '/signed_manifest/manifest/tenantId',
      '/signed_manifest/manifest/issuedAt',
      '/signed_manifest/manifest/expiresAt',
    ]);
    const nonsense = { issuedAt: '2026-99-99T00:00:00Z', expiresAt: '2026-99-99T00:00:00Z' };
    expect((await pointers(good(nonsense))).length).toBeGreaterThan(0);
  });

  it('refuses what does not fit: members that are missing, unknown, or of another type', async () => {
    expect(await pointers({})).toEqual(['/signed_manifest/manifest', '/signed_manifest/signature']);
    expect(await pointers(good({ extra: 1 }))).toEqual(['/signed_manifest/manifest/extra']);
    expect(await pointers(good({ type: 'something/else' }))).toEqual(['/signed_manifest/manifest/type']);
    expect(await pointers({ ...good(), signature: 'bad' })).toEqual(['/signed_manifest/signature']);
  });

  it('reads the keys anew when their file changes, and trusts none while it has a fault', async () => {
    const next = new ManifestSigner('kernel-2');
    expect(await pointers(next.signed(next.manifest(FACTS)))).toHaveLength(1);
    await writeKeys(file, [next, signer]);
    expect(await pointers(next.signed(next.manifest(FACTS)))).toEqual([]);
    await writeKeys(file, [next]);
    expect(await pointers(good())).toEqual(['/signed_manifest/manifest/keyId']);
    await writeFile(file, '{"keys": 5}');
    expect(await pointers(next.signed(next.manifest(FACTS)))).toEqual(['/signed_manifest/manifest/keyId']);
  });

  it.each<[string, () => Promise<void>]>([
    ['that others can write', async () => chmod(file, 0o666)],
    ['that is no JSON', async () => writeFile(file, 'kernel-1')],
    ['with a private key', async () => writeFile(file, JSON.stringify({ keys: [{ ...signer.jwk, d: 'x' }] }))],
    ['with a key of another kind', async () => writeFile(file, JSON.stringify({ keys: [{ kty: 'RSA', kid: 'x' }] }))],
    ['with two keys of one name', async () => writeKeys(file, [signer, new ManifestSigner('kernel-1')])],
    ['with a key that has no name', async () => writeFile(file, JSON.stringify({ keys: [{ ...signer.jwk, kid: 1 }] }))],
  ])('does not start with a file %s', async (_, spoil) => {
    await spoil();
    await expect(keys.onModuleInit()).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      faults: [{ pointer: 'MANIFEST_KEYS_FILE' }],
    });
  });

  it('trusts nobody without a file', async () => {
    const none = new ManifestKeys({ manifestKeysFile: undefined } as Configuration);
    await none.onModuleInit();
    expect(await none.find('kernel-1')).toBeNull();
  });
});
