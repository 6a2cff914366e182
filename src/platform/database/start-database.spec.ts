import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RunningDatabase } from './running-database.js';
import { startDatabase, type DatabaseStarters } from './start-database.js';

let dataDir: string;
const silent = (): void => undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'muster-start-database-'));
});

afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

const running = (kind: RunningDatabase['kind'], reason: string): RunningDatabase => ({
  kind,
  uri: 'mongodb://x',
  description: reason,
  stop: () => Promise.resolve(),
});

/** A machine with nothing on it but what a test puts there. */
function machine(has: Partial<DatabaseStarters> = {}): DatabaseStarters {
  return {
    mongodOnPath: () => Promise.resolve(null),
    downloadedMongod: () => Promise.resolve({ obstacle: 'no network' }),
    startMongod: (_binary, _folder, kind, reason) => Promise.resolve(running(kind, reason)),
    startDocumentDb: (_folder, reason) => Promise.resolve(running('documentdb', reason)),
    ...has,
  };
}

const wanted = (more: Partial<Parameters<typeof startDatabase>[0]> = {}): Parameters<typeof startDatabase>[0] => ({
  dataDir,
  mongodbUri: undefined,
  mongodBinary: undefined,
  embeddedDatabase: 'auto',
  ...more,
});

const MONGOD = { mongodOnPath: (): Promise<string> => Promise.resolve('/usr/bin/mongod') };

describe('startDatabase', () => {
  it('takes MONGODB_URI before anything else, and tells its hosts but not its password', async () => {
    const uri = 'mongodb://me:hunter2@one:27017,two:27017/muster?replicaSet=rs0';
    const database = await startDatabase(wanted({ mongodbUri: uri }), silent, machine(MONGOD));
    expect(database).toMatchObject({ kind: 'external', uri, description: 'one:27017,two:27017 (MONGODB_URI is set)' });
  });

  it('takes the mongod of the machine', async () => {
    expect(await startDatabase(wanted(), silent, machine(MONGOD))).toMatchObject({
      kind: 'mongod',
      description: 'found /usr/bin/mongod',
    });
  });

  it('takes a downloaded mongod when the machine has none', async () => {
    const downloadedMongod = (): Promise<{ path: string }> => Promise.resolve({ path: '/cache/mongod' });
    expect(await startDatabase(wanted(), silent, machine({ downloadedMongod }))).toMatchObject({ kind: 'download' });
  });

  it('takes documentdb-server last, and says what stood in the way of the others', async () => {
    const database = await startDatabase(wanted(), silent, machine());
    expect(database.kind).toBe('documentdb');
    expect(database.description).toContain('no mongod on PATH');
    expect(database.description).toContain('no network');
  });

  it('goes on with documentdb-server when a mongod was installed afterwards', async () => {
    await mkdir(join(dataDir, 'db/documentdb'), { recursive: true });
    expect(await startDatabase(wanted(), silent, machine(MONGOD))).toMatchObject({ kind: 'documentdb' });
  });

  it('does not begin an empty database when the mongod that holds the data is gone', async () => {
    await mkdir(join(dataDir, 'db/mongod'), { recursive: true });
    await writeFile(join(dataDir, 'db/mongod-access.json'), '{"password":"x","ready":true}');
    await expect(startDatabase(wanted(), silent, machine())).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('takes no notice of a mongod folder that never served', async () => {
    await mkdir(join(dataDir, 'db/mongod'), { recursive: true });
    await writeFile(join(dataDir, 'db/mongod-access.json'), '{"password":"x","ready":false}');
    expect(await startDatabase(wanted(), silent, machine())).toMatchObject({ kind: 'documentdb' });
  });

  it('names every obstacle when there is no database to be had', async () => {
    const startDocumentDb = (): Promise<never> => Promise.reject(new TypeError('no user namespaces'));
    await expect(startDatabase(wanted(), silent, machine({ startDocumentDb }))).rejects.toThrow(
      /no mongod on PATH.*no network.*no user namespaces.*MONGODB_URI/,
    );
  });

  it('says once what to do, whether an obstacle ends with a full stop and advice or not', async () => {
    const startDocumentDb = (): Promise<never> => Promise.reject(new TypeError('No apt. Set MONGODB_URI instead.'));
    await expect(startDatabase(wanted(), silent, machine({ startDocumentDb }))).rejects.toMatchObject({
      message:
        'No database can be had. no mongod on PATH; mongod cannot be downloaded (no network); ' +
        'documentdb: No apt. Set MONGODB_URI instead.',
    });
  });

  it.each([
    ['documentdb-server', Object.assign(new TypeError('It is in use.'), { code: 'DATA_DIR_IN_USE' })],
    ['mongod', new TypeError('DBPathInUse: Unable to lock the lock file')],
  ])('names the process that uses the folder, where %s finds it in use', async (_, error) => {
    await startDatabase(wanted(), silent, machine());
    const startDocumentDb = (): Promise<never> => Promise.reject(error);
    await expect(startDatabase(wanted(), silent, machine({ startDocumentDb }))).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: `The data folder ${dataDir} is in use by another Muster, process ${process.pid}. End it (kill ${process.pid}), or name another folder in DATA_DIR.`,
    });
  });

  it('names no process that is not there', async () => {
    await mkdir(join(dataDir, 'db'));
    await writeFile(join(dataDir, 'db/owner.pid'), '4194305\n');
    const error = Object.assign(new TypeError('It is in use.'), { code: 'DATA_DIR_IN_USE' });
    const startDocumentDb = (): Promise<never> => Promise.reject(error);
    await expect(startDatabase(wanted(), silent, machine({ startDocumentDb }))).rejects.toThrow(
      /in use by another Muster\. End that one, or/,
    );
  });

  it('tries nothing but the kind it is told to', async () => {
    await expect(
      startDatabase(wanted({ embeddedDatabase: 'download' }), silent, machine(MONGOD)),
    ).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('takes the binary that MONGOMS_SYSTEM_BINARY names', async () => {
    const mongodBinary = join(dataDir, 'my-mongod');
    await writeFile(mongodBinary, '');
    await chmod(mongodBinary, 0o755);
    expect(await startDatabase(wanted({ mongodBinary }), silent, machine())).toMatchObject({
      kind: 'mongod',
      description: `found ${mongodBinary}`,
    });
  });

  it('says so when that binary cannot be run, rather than taking another database', async () => {
    await expect(startDatabase(wanted({ mongodBinary: '/nowhere/mongod' }), silent, machine())).rejects.toThrow(
      /MONGOMS_SYSTEM_BINARY/,
    );
  });
});
