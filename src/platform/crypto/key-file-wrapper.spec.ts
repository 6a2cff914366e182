import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyFileWrapper } from './key-file-wrapper.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-keys-'));
  path = join(folder, 'keys/secrets.key');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the key file of secrets', () => {
  it('is made at the first start, for its owner alone, and holds the same key at the next', async () => {
    const first = await KeyFileWrapper.of(path, []);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
    expect((await KeyFileWrapper.of(path, [])).currentKeyId).toBe(first.currentKeyId);
    // What the key is called gives nothing of it away.
    expect(await readFile(path, 'utf8')).not.toContain(first.currentKeyId);
  });

  it('gives one key to all who start at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, async () => KeyFileWrapper.of(path, [])));
    expect(new Set(all.map(({ currentKeyId }) => currentKeyId)).size).toBe(1);
  });

  it('that was put aside still unwraps, and wraps no more', async () => {
    const before = await KeyFileWrapper.of(path, []);
    const wrapped = await before.wrap(Buffer.alloc(32, 7), 'for this');
    await rename(path, `${path}.old`);
    const after = await KeyFileWrapper.of(path, [`${path}.old`]);
    expect(after.currentKeyId).not.toBe(before.currentKeyId);
    expect(Buffer.from((await after.unwrap(wrapped, 'for this'))!)).toEqual(Buffer.alloc(32, 7));
    expect(await after.unwrap(wrapped, 'for that')).toBeNull();
    expect((await after.wrap(Buffer.alloc(32), '')).keyId).toBe(after.currentKeyId);
    expect(await (await KeyFileWrapper.of(path, [])).unwrap(wrapped, 'for this')).toBeNull();
  });

  it.each([
    ['when others can read it', async () => chmod(path, 0o640)],
    ['when it holds something else', async () => writeFile(path, 'correct horse')],
    ['when it is cut off', async () => writeFile(path, 'abc123')],
  ])('is refused %s', async (_when, harm) => {
    await KeyFileWrapper.of(path, []);
    const kept = await readFile(path, 'utf8');
    await harm();
    const refused = KeyFileWrapper.of(path, []);
    await expect(refused).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      faults: [{ pointer: 'SECRETS_KEY_FILE' }],
    });
    expect(JSON.stringify(await refused.catch((error: unknown) => error))).not.toContain(kept.trim());
  });

  it('is refused when an old one that is named is not there', async () => {
    await expect(KeyFileWrapper.of(path, [join(folder, 'gone')])).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      faults: [{ pointer: 'SECRETS_OLD_KEY_FILES' }],
    });
  });
});
