import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredArchive } from '../../domain/agent-snapshots/agent-snapshot.js';
import { newId, type AgentSnapshotId } from '../../domain/ids.js';
import { FileArchiveStore } from './file-archive-store.js';

const MIB = 1024 * 1024;

describe('FileArchiveStore', () => {
  const id = newId<AgentSnapshotId>();
  let folder: string;
  let store: FileArchiveStore;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-archives-'));
    store = new FileArchiveStore({ snapshotsDir: join(folder, 'made', 'here') });
    file = join(folder, 'made', 'here', `${id}.tar`);
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function* pieces(...of: readonly (Buffer | Error)[]): AsyncGenerator<Uint8Array> {
    for (const piece of of) {
      if (piece instanceof Error) throw piece;
      yield await Promise.resolve(piece);
    }
  }
  const written = (...of: readonly Buffer[]): Promise<StoredArchive> => store.write(id, pieces(...of), 100 * MIB);
  const readAll = async (archive: StoredArchive): Promise<Buffer> => {
    const read: Uint8Array[] = [];
    for await (const piece of await store.read(id, archive)) read.push(piece);
    return Buffer.concat(read);
  };

  it('keeps bytes under their digest, for its own eyes, and gives them back', async () => {
    const bytes = Buffer.concat([Buffer.from('one'), Buffer.alloc(3 * MIB, 7), Buffer.from('end')]);
    const archive = await written(bytes.subarray(0, 5), bytes.subarray(5));
    expect(archive).toEqual({ sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length });
    expect((await readAll(archive)).equals(bytes)).toBe(true);
    expect([(await stat(file)).mode & 0o777, (await stat(join(file, '..'))).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  it('keeps nothing but zeros as a hole, also at the end', async () => {
    const archive = await written(Buffer.from('a'), Buffer.alloc(64 * MIB), Buffer.from('b'), Buffer.alloc(8 * MIB));
    const { size, blocks } = await stat(file);
    expect([size, blocks * 512 < MIB]).toEqual([archive.bytes, true]);
    await store.verify(id, archive);
  });

  it('leaves nothing of what breaks off or is too large, and what was there before as it was', async () => {
    const archive = await written(Buffer.from('whole'));
    await expect(store.write(id, pieces(Buffer.from('half'), new Error('gone')), MIB)).rejects.toThrow('gone');
    await expect(store.write(id, pieces(Buffer.alloc(MIB + 1)), MIB)).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
    expect(await readdir(join(file, '..'))).toEqual([`${id}.tar`]);
    expect((await readAll(archive)).toString()).toBe('whole');
  });

  it('never gives the last of what is not what was written', async () => {
    const archive = await written(Buffer.alloc(2 * MIB, 1));
    const bytes = await readFile(file);
    bytes[10] = 2;
    await writeFile(file, bytes);
    let given = 0;
    const reading = async (): Promise<void> => {
      for await (const piece of await store.read(id, archive)) given += piece.length;
    };
    await expect(reading()).rejects.toMatchObject({ code: 'SNAPSHOT_DAMAGED' });
    expect(given).toBeLessThan(archive.bytes);
    await expect(store.verify(id, archive)).rejects.toMatchObject({ code: 'SNAPSHOT_DAMAGED' });
  });

  it('knows by its size, before a byte is read, what was cut, replaced by a link, or is not there', async () => {
    const archive = await written(Buffer.from('whole'));
    await truncate(file, 3);
    await expect(store.read(id, archive)).rejects.toMatchObject({ code: 'SNAPSHOT_DAMAGED' });
    await store.remove(id);
    await store.remove(id);
    await expect(store.read(id, archive)).rejects.toMatchObject({ code: 'SNAPSHOT_DAMAGED' });
    await writeFile(join(folder, 'whole'), 'whole');
    await symlink(join(folder, 'whole'), file);
    await expect(store.read(id, archive)).rejects.toMatchObject({ code: 'SNAPSHOT_DAMAGED' });
  });
});
