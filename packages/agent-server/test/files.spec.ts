import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { listFiles } from '../src/files/list-files.js';
import { packArchive } from '../src/files/pack-archive.js';
import { partOf, readFile } from '../src/files/read-file.js';
import { removeFile } from '../src/files/remove-file.js';
import { clearStaging } from '../src/files/staging.js';
import { unpackArchive } from '../src/files/unpack-archive.js';
import { tarOf } from '../../../test/support/tar.js';
import { toFileError } from '../src/files/file-error.js';
import { Workspace } from '../src/files/workspace.js';
import { writeFile as writeInto } from '../src/files/write-file.js';

const MANY = 3000;

/** What an agent can make of its own workspace. */
describe('files of a hostile workspace', () => {
  let root: string;
  let outside: string;
  let workspace: Workspace;

  beforeAll(async () => {
    outside = await mkdtemp(join(tmpdir(), 'muster-outside-'));
    await writeFile(join(outside, 'secret'), 'secret');
  });
  afterAll(() => rm(outside, { recursive: true }));
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'muster-files-'));
    workspace = new Workspace(root);
  });
  afterEach(() => rm(root, { recursive: true }));

  const codeOf = (act: Promise<unknown>): Promise<unknown> =>
    act.then(
      () => 'done',
      (error: unknown) => (toFileError(error) as { code: string }).code,
    );
  const read = (path: string): Promise<unknown> =>
    readFile(workspace, { path, maxBytes: 1e6, range: undefined }).then(({ bytes }) => bytes.destroy());
  const write = (path: string): ReturnType<typeof writeInto> =>
    writeInto(workspace, { path, maxBytes: 100, ifMatch: undefined, ifNoneMatch: false }, bytesOf('new'));
  const list = (recursive: boolean, limit = 1000, after = ''): ReturnType<typeof listFiles> =>
    listFiles(workspace, { path: '', recursive, limit, after });
  const pack = async (maxBytes = 1e9, maxEntries = 1e6): Promise<Buffer> => {
    const pieces: Buffer[] = [];
    for await (const piece of await packArchive(workspace, { path: '', maxBytes, maxEntries }))
      pieces.push(piece as Buffer);
    return Buffer.concat(pieces);
  };

  const unpack = (archive: Buffer): ReturnType<typeof unpackArchive> =>
    unpackArchive(workspace, { path: '', gzip: false, maxBytes: 1e9, maxEntries: 1e6 }, Readable.from([archive]));

  it('follows no link, at the end or on the way', async () => {
    await symlink(join(outside, 'secret'), join(root, 'file'));
    await symlink(outside, join(root, 'folder'));
    await symlink('/proc/self/environ', join(root, 'environment'));
    for (const path of ['file', 'folder/secret', 'environment'])
      expect([path, await codeOf(read(path))]).toEqual([path, 'FILE_CONFLICT']);
    expect(await codeOf(write('folder/made'))).toBe('FILE_CONFLICT');
    expect(await codeOf(removeFile(workspace, { path: 'folder/secret', recursive: true }))).toBe('FILE_CONFLICT');
    expect((await list(true)).entries.map(({ path, type, target }) => [path, type, target])).toEqual([
      ['environment', 'link', '/proc/self/environ'],
      ['file', 'link', join(outside, 'secret')],
      ['folder', 'link', outside],
    ]);
    expect((await pack()).includes('secret content')).toBe(false);
    await removeFile(workspace, { path: 'folder', recursive: true });
    // Replaced, not written through.
    await write('file');
    expect(await readdir(outside)).toEqual(['secret']);
    expect((await readdir(root)).sort()).toEqual(['environment', 'file']);
  });

  it('waits for no pipe, and shows what it is', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect(await codeOf(read('pipe'))).toBe('FILE_CONFLICT');
    expect((await list(false)).entries).toMatchObject([{ path: 'pipe', type: 'pipe', size: 0, etag: null }]);
    expect((await pack()).length).toBe(1024);
  });

  it('gives of terabytes that are not there only the part that is asked for', async () => {
    await (await open(join(root, 'sparse'), 'w')).close();
    await truncate(join(root, 'sparse'), 4 * 1024 ** 4);
    expect((await list(false)).entries).toMatchObject([{ size: 4 * 1024 ** 4 }]);
    expect(await codeOf(read('sparse'))).toBe('BODY_TOO_LARGE');
    expect(await codeOf(pack())).toBe('BODY_TOO_LARGE');
    const { bytes, range } = await readFile(workspace, { path: 'sparse', maxBytes: 10, range: 'bytes=-5' });
    expect([(await bytes.toArray()).length, range?.last]).toEqual([1, 4 * 1024 ** 4 - 1]);
  });

  it('pages through a folder of many, each name once', async () => {
    await Promise.all(Array.from({ length: MANY }, (_, n) => writeFile(join(root, `n${n}`), '')));
    const seen: string[] = [];
    for (let after = ''; ;) {
      const { entries, more } = await list(true, 700, after);
      seen.push(...entries.map(({ path }) => path));
      if (!more) break;
      after = seen.at(-1) ?? '';
    }
    expect(seen).toEqual([...seen].sort());
    expect(new Set(seen).size).toBe(MANY);
    expect(await codeOf(pack(1e9, MANY - 1))).toBe('BODY_TOO_LARGE');
  });

  it('shows names that are no text, and removes them with their folder', async () => {
    const name = Buffer.concat([Buffer.from(`${root}/d/`), Buffer.from([0xff, 0xfe])]);
    await mkdir(join(root, 'd'));
    await writeFile(name, '');
    expect((await list(true)).entries.map(({ path }) => path)).toEqual(['d', 'd/\ufffd\ufffd']);
    await removeFile(workspace, { path: 'd', recursive: true });
    expect(await readdir(root)).toEqual([]);
  });

  it('keeps a write to the folder it was begun in, whatever stands in its place meanwhile', async () => {
    await mkdir(join(root, 'd'));
    const slow = (async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('new');
      await rm(join(root, 'd'), { recursive: true });
      await symlink(outside, join(root, 'd'));
    })();
    const request = { path: 'd/made', maxBytes: 100, ifMatch: undefined, ifNoneMatch: false };
    expect(await codeOf(writeInto(workspace, request, slow))).toBe('FILE_CONFLICT');
    expect(await readdir(outside)).toEqual(['secret']);
    expect(await readdir(root)).toEqual(['d']);
  });

  it('puts nothing together behind a link in place of the staging folder', async () => {
    await symlink(outside, join(root, '.muster-uploads'));
    expect(await codeOf(write('made'))).toBe('FILE_CONFLICT');
    await clearStaging(workspace);
    expect(await readdir(outside)).toEqual(['secret']);
  });

  it('unpacks one after the other: the later of two with one name counts, and nothing lies below a link', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `x${index}`);
    const link = { type: 'SymbolicLink', linkpath: '/nowhere' } as const;
    const replaced = names.flatMap((path) => [
      { path, ...link },
      { path, content: path },
    ]);
    expect(await unpack(tarOf(replaced))).toEqual({ files: 200, bytes: expect.any(Number) });
    const { entries } = await list(false);
    expect(entries.map(({ path, type }) => [path, type])).toEqual(names.sort().map((path) => [path, 'file']));
    for (const name of names)
      expect([name, await codeOf(unpack(tarOf([{ path: `y${name}`, ...link }, { path: `y${name}/z` }])))]).toEqual([
        name,
        'ARCHIVE_INVALID',
      ]);
  });

  it('leaves nothing of a write whose source fails', async () => {
    const failing = (async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('half');
      await Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    })();
    const request = { path: 'made', maxBytes: 100, ifMatch: undefined, ifNoneMatch: false };
    expect(await codeOf(writeInto(workspace, request, failing))).toBe('DISK_FULL');
    expect(await readdir(root)).toEqual([]);
  });

  it.each(['../x', 'a/../../x', '.muster-uploads/x', 'a\0b', 'x'.repeat(5000), '/a'.repeat(65)])(
    'refuses the path %j',
    async (path) => {
      expect(await codeOf(read(path))).toBe('VALIDATION_FAILED');
    },
  );
});

describe('a range of a file of ten bytes', () => {
  it.each([
    [undefined, null],
    ['bytes=0-4', { first: 0, last: 4 }],
    ['bytes=5-', { first: 5, last: 9 }],
    ['bytes=-3', { first: 7, last: 9 }],
    ['bytes=-30', { first: 0, last: 9 }],
    ['bytes=8-30', { first: 8, last: 9 }],
    ['bytes=4-2', null],
    ['bytes=0-1,3-4', null],
    ['lines=1-2', null],
    ['bytes=-', null],
  ])('%s is %j', (range, part) => {
    expect(partOf(range, 10)).toEqual(part);
  });

  it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0'])('%s is not there', (range) => {
    expect(() => partOf(range, 10)).toThrow(expect.objectContaining({ code: 'RANGE_NOT_SATISFIABLE' }));
  });
});

async function* bytesOf(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
}
