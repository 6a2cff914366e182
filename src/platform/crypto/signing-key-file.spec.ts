import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KeyFileSigner } from './key-file-signer.js';
import { signingKey } from './signing-key-file.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-keys-'));
  path = join(folder, 'keys/signing.pem');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777;

describe('the signing key file', () => {
  it('is made at the first start, for its owner alone', async () => {
    await signingKey(path);
    expect(await modeOf(path)).toBe(0o600);
    expect(await modeOf(join(folder, 'keys'))).toBe(0o700);
    expect(await readdir(join(folder, 'keys'))).toEqual(['signing.pem']);
  });

  it('holds the same key at the next start', async () => {
    const first = new KeyFileSigner(await signingKey(path));
    const second = new KeyFileSigner(await signingKey(path));
    expect(second.keyId).toBe(first.keyId);
    expect(first.keyId).toMatch(/^[0-9a-f]{16}$/);
  });

  it('gives one key to all who start at once', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, async () => new KeyFileSigner(await signingKey(path))));
    expect(new Set(keys.map(({ keyId }) => keyId)).size).toBe(1);
  });

  it.each([0o640, 0o604, 0o666])('is refused when others can read it (%o)', async (mode) => {
    await signingKey(path);
    await chmod(path, mode);
    await expect(signingKey(path)).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      faults: [{ pointer: 'SIGNING_KEY_FILE' }],
    });
  });

  it('is refused when it holds another kind of key, and left as it is', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await mkdir(join(folder, 'keys'));
    await writeFile(path, pem, { mode: 0o600 });
    await expect(signingKey(path)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
    expect(await readFile(path, 'utf8')).toBe(pem);
  });

  it('is refused when it is cut off', async () => {
    await mkdir(join(folder, 'keys'));
    await writeFile(path, '-----BEGIN PRIVATE KEY-----\nMC4C', { mode: 0o600 });
    await expect(signingKey(path)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });
});

describe('KeyFileSigner', () => {
  it('signs so that only the same message verifies', async () => {
    const signer = new KeyFileSigner(await signingKey(path));
    const message = Buffer.from('what happened');
    const signature = await signer.sign(message);
    expect(signature).toMatch(/^[A-Za-z0-9_-]{86}$/);
    expect(await signer.verify(message, signature)).toBe(true);
    expect(await signer.verify(Buffer.from('what did not'), signature)).toBe(false);
  });

  it('does not verify what another key signed', async () => {
    const signer = new KeyFileSigner(await signingKey(path));
    const other = new KeyFileSigner(generateKeyPairSync('ed25519').privateKey);
    const message = Buffer.from('what happened');
    expect(await signer.verify(message, await other.sign(message))).toBe(false);
  });
});
