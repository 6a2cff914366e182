import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { RuntimeUnavailableError } from '../errors.js';
import { AptArchive } from './apt-archive.js';
import { FileLock } from './file-lock.js';
import { requireNamespaces } from './namespaces.js';
import { completeRoot } from './root-folder.js';
import { STAND_INS } from './stand-ins.js';
import { unpack } from './unpack.js';

/** Told about each long step, in words for a person. */
export type Progress = (line: string) => void;

export interface PrepareOptions {
  /** Folder for downloaded programs. @default $XDG_CACHE_HOME/muster, or ~/.cache/muster */
  readonly cacheDir?: string;
  readonly onProgress?: Progress;
}

/** Raised when the layout of a root folder changes, so that folders made by older code are not taken. */
const LAYOUT = 1;
const EXTENSION = 'postgresql-18-documentdb';
const LOCK_WAIT_SECONDS = 900;
const BUILDING = 'building-';

/**
 * Makes sure that the database's programs are on this machine; downloads them at the first time.
 * Safe to call from several processes at once, and after being interrupted.
 * @returns the root folder that holds the programs
 * @throws RuntimeUnavailableError
 */
export async function prepare(options: PrepareOptions = {}): Promise<string> {
  const progress = options.onProgress ?? (() => undefined);
  const cache = join(options.cacheDir ?? defaultCacheDir(), 'documentdb');
  await requireNamespaces();
  const ready = await findRoot(cache);
  if (ready !== undefined) return ready;

  await mkdir(cache, { recursive: true, mode: 0o700 });
  progress('waiting for the set-up lock');
  const lock = await FileLock.acquire(join(cache, 'lock'), LOCK_WAIT_SECONDS);
  if (!lock) throw new RuntimeUnavailableError('unpack-failed', `Another process keeps setting up ${cache}.`);
  try {
    // Somebody else may have finished while we waited.
    return (await findRoot(cache)) ?? (await build(cache, progress));
  } finally {
    await lock.release();
  }
}

async function build(cache: string, progress: Progress): Promise<string> {
  await removeLeftovers(cache);
  const work = await mkdtemp(join(cache, BUILDING));
  const root = join(work, 'root');
  await mkdir(root, { recursive: true });
  try {
    progress('fetching the package lists of Debian sid');
    const archive = await AptArchive.open(join(work, 'apt'), 'sid');
    const version = await archive.version(EXTENSION);
    progress(`downloading DocumentDB ${version} for PostgreSQL 18 (about 60 MB)`);
    const packages = await archive.download([EXTENSION, 'postgresql-18', 'dash'], STAND_INS);
    progress(`unpacking ${String(packages.length)} packages`);
    await unpack(packages, root);
    await completeRoot(root);
    const target = join(cache, `${prefix()}${version.replace(/[^\w.+-]/g, '_')}`);
    await rename(root, target);
    progress('the database programs are ready');
    return target;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Removes what interrupted set-ups left. The lock says that nobody works on it any more, except that an unpacking child may outlive its
 * parent by a moment and put files back; what then remains is for the next time.
 */
async function removeLeftovers(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (name.startsWith(BUILDING))
      await rm(join(cache, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }).catch(
        () => undefined,
      );
  }
}

/** The newest whole root folder. A name with the prefix is only ever given by a rename, so it is whole. */
async function findRoot(cache: string): Promise<string | undefined> {
  const names = await readdir(cache).catch((): string[] => []);
  const newest = names
    .filter((name) => name.startsWith(prefix()))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  return newest === undefined ? undefined : join(cache, newest);
}

function prefix(): string {
  return `layout${String(LAYOUT)}-${process.arch}-`;
}

function defaultCacheDir(): string {
  const configured = process.env['XDG_CACHE_HOME'];
  return join(configured === undefined || configured === '' ? join(homedir(), '.cache') : configured, 'muster');
}
