import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Configuration } from '../config/configuration.js';
import { hasErrno } from '../has-errno.js';
import { noteOwner, ownerOf } from './database-owner.js';
import { DatabaseUnavailableError } from './database-unavailable.error.js';
import { startDocumentDb } from './documentdb-database.js';
import type { Progress, RunningDatabase } from './running-database.js';
import { downloadedMongod, isExecutable, mongodOnPath } from './mongod-binary.js';
import { holdsMongodData, startMongod } from './mongod-database.js';

/** How databases are found and started; replaced in tests, where no mongod is to be had. */
export interface DatabaseStarters {
  readonly mongodOnPath: typeof mongodOnPath;
  readonly downloadedMongod: typeof downloadedMongod;
  readonly startMongod: typeof startMongod;
  readonly startDocumentDb: typeof startDocumentDb;
}

const STARTERS: DatabaseStarters = { mongodOnPath, downloadedMongod, startMongod, startDocumentDb };

type Wanted = Pick<Configuration, 'mongodbUri' | 'embeddedDatabase' | 'mongodBinary' | 'dataDir'>;

/**
 * Finds a database in this order: MONGODB_URI, a mongod of this machine, a downloaded mongod, documentdb-server. A data
 * folder keeps to the kind of server that made it, whatever has been installed since.
 * @throws DomainError DATABASE_UNAVAILABLE with all obstacles when none can be had, or with who uses the data folder
 */
export async function startDatabase(
  wanted: Wanted,
  progress: Progress,
  starters: DatabaseStarters = STARTERS,
): Promise<RunningDatabase> {
  if (wanted.mongodbUri !== undefined) return external(wanted.mongodbUri);
  const folders = { mongod: join(wanted.dataDir, 'db/mongod'), documentdb: join(wanted.dataDir, 'db/documentdb') };
  await mkdir(join(wanted.dataDir, 'db'), { recursive: true, mode: 0o700 });
  await requireNamedBinary(wanted);
  const kinds = await kindsToTry(wanted.embeddedDatabase, folders);
  const obstacles: string[] = [];
  for (const kind of kinds.names) {
    try {
      const reason = [...(kinds.reason === null ? [] : [kinds.reason]), ...obstacles].join('; ');
      const outcome = await tryKind(kind, wanted, folders, reason, progress, starters);
      if (typeof outcome !== 'string') {
        await noteOwner(join(wanted.dataDir, 'db'));
        return outcome;
      }
      obstacles.push(outcome);
    } catch (error) {
      if (isInUse(error)) throw await inUse(wanted.dataDir, error);
      obstacles.push(`${kind}: ${messageOf(error)}`);
    }
  }
  const all = obstacles.map((obstacle) => obstacle.replace(/\.$/, '')).join('; ');
  const advice = all.includes('MONGODB_URI') ? '' : ' Set MONGODB_URI to a MongoDB server.';
  throw new DatabaseUnavailableError(`No database can be had. ${all}.${advice}`);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Does another process serve from this folder? In the words of documentdb-server, and of mongod. */
const isInUse = (error: unknown): boolean =>
  hasErrno(error, 'DATA_DIR_IN_USE') ||
  /DBPathInUse|another mongod instance is already running/i.test(messageOf(error));

async function inUse(dataDir: string, cause: unknown): Promise<DatabaseUnavailableError> {
  const owner = await ownerOf(join(dataDir, 'db'));
  const [who, end] =
    owner === null
      ? ['another Muster', 'End that one']
      : [`another Muster, process ${owner}`, `End it (kill ${owner})`];
  return new DatabaseUnavailableError(
    `The data folder ${dataDir} is in use by ${who}. ${end}, or name another folder in DATA_DIR.`,
    cause,
  );
}

type Kind = 'mongod' | 'download' | 'documentdb';
type Folders = Readonly<Record<'mongod' | 'documentdb', string>>;

/** A binary that somebody named is used, or nothing is: another database would be an empty one. */
async function requireNamedBinary({ mongodBinary, embeddedDatabase }: Wanted): Promise<void> {
  if (mongodBinary === undefined || !['auto', 'mongod'].includes(embeddedDatabase)) return;
  if (await isExecutable(mongodBinary)) return;
  throw new DatabaseUnavailableError(`MONGOMS_SYSTEM_BINARY names ${mongodBinary}, which cannot be executed.`);
}

async function kindsToTry(
  asked: Configuration['embeddedDatabase'],
  folders: Folders,
): Promise<{ names: readonly Kind[]; reason: string | null }> {
  if (asked !== 'auto') return { names: [asked], reason: `EMBEDDED_DATABASE is ${asked}` };
  if (existsSync(folders.documentdb)) return { names: ['documentdb'], reason: 'its data is there already' };
  if (await holdsMongodData(folders.mongod))
    return { names: ['mongod', 'download'], reason: 'its data is there already' };
  return { names: ['mongod', 'download', 'documentdb'], reason: null };
}

/** @returns the database, or why it cannot be had */
async function tryKind(
  kind: Kind,
  wanted: Wanted,
  folders: Folders,
  reason: string,
  progress: Progress,
  starters: DatabaseStarters,
): Promise<RunningDatabase | string> {
  switch (kind) {
    case 'mongod': {
      const binary = wanted.mongodBinary ?? (await starters.mongodOnPath());
      if (binary === null) return 'no mongod on PATH';
      return starters.startMongod(binary, folders.mongod, 'mongod', reason === '' ? `found ${binary}` : reason);
    }
    case 'download': {
      progress('looking for a MongoDB to download');
      const found = await starters.downloadedMongod();
      if ('obstacle' in found) return `mongod cannot be downloaded (${found.obstacle})`;
      return starters.startMongod(found.path, folders.mongod, 'download', reason);
    }
    case 'documentdb':
      return starters.startDocumentDb(folders.documentdb, reason, progress);
  }
}

function external(uri: string): RunningDatabase {
  const hosts = /^mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?([^/?]+)/.exec(uri)?.[1] ?? 'unknown host';
  return {
    kind: 'external',
    uri,
    description: `${hosts} (MONGODB_URI is set)`,
    stop: () => Promise.resolve(),
  };
}
