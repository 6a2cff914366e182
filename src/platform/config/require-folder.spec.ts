import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { requireFolder } from './require-folder.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-require-folder-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const fault = (path: string, detail: string): unknown => ({
  code: 'CONFIGURATION_INVALID',
  faults: [{ pointer: 'DATA_DIR', detail: `${path} cannot be used: ${detail}` }],
});

describe('requireFolder', () => {
  it('makes the folder with all above it, for this user alone', async () => {
    const path = join(folder, 'one', 'two', 'three');
    await requireFolder('DATA_DIR', path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('takes the one that is there, and leaves nothing in it', async () => {
    await writeFile(join(folder, 'kept'), '');
    await requireFolder('DATA_DIR', folder);
    expect(await readdir(folder)).toEqual(['kept']);
  });

  it('lets many make it at once', async () => {
    const path = join(folder, 'one', 'two', 'three');
    await Promise.all(Array.from({ length: 8 }, () => requireFolder('DATA_DIR', path)));
    expect(await readdir(path)).toEqual([]);
  });

  it.each([['a-file'], ['a-file/below/it']])('names %s, which is none', async (name) => {
    await writeFile(join(folder, 'a-file'), '');
    const path = join(folder, name);
    await expect(requireFolder('DATA_DIR', path)).rejects.toMatchObject(
      fault(path, 'there is a file of that name, or on the way to it; name a folder') as object,
    );
  });

  // Where Linux mounts it; other systems have no such file system.
  (process.platform === 'linux' ? it : it.skip).each(['/proc', '/proc/muster', '/proc/muster/data'])(
    'names %s, where no folder can be made',
    async (path) => {
      await expect(requireFolder('DATA_DIR', path)).rejects.toMatchObject(
        fault(path, 'what is mounted there takes no folders; name another one') as object,
      );
    },
  );
});
