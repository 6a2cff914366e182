import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { canonicalJson } from '../../src/platform/crypto/canonical-json.js';

/** Signs manifests as the holder of a trusted key would, and writes the file that makes the key a trusted one. */
export class ManifestSigner {
  private readonly pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } =
    generateKeyPairSync('ed25519');

  constructor(readonly keyId: string) {}

  get jwk(): object {
    return { ...this.pair.publicKey.export({ format: 'jwk' }), kid: this.keyId };
  }

  /** A manifest that holds for an hour, with these facts. */
  manifest(facts: object): Record<string, unknown> {
    return {
      type: 'muster/agent-manifest/v1',
      keyId: this.keyId,
      issuedAt: new Date(Date.now() - 1000).toISOString(),
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      nonce: `nonce-${Math.random()}`,
      ...facts,
    };
  }

  signed(manifest: object): { manifest: object; signature: string } {
    const bytes = Buffer.from(canonicalJson(manifest), 'utf8');
    return { manifest, signature: sign(null, bytes, this.pair.privateKey).toString('base64url') };
  }
}

/** The file of MANIFEST_KEYS_FILE. */
export async function writeKeys(path: string, signers: readonly ManifestSigner[], mode = 0o644): Promise<void> {
  await writeFile(path, JSON.stringify({ keys: signers.map(({ jwk }) => jwk) }));
  await chmod(path, mode);
}
