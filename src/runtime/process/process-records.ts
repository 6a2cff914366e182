import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../domain/runtime/runtime-spec.js';
import type { ProcessRecord } from './process-record.js';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,200}$/;
const RECORD = 'container.json';
/** A lock older than this was left by a Muster that was killed. */
const STALE_LOCK_MS = 60_000;

/** One folder for each container, named as the container is; what begins with a dot is being made or removed. */
export class ProcessRecords {
  constructor(private readonly folder: string) {}

  /**
   * Writes a new record. The folder gets its name when it is complete, and only one can get a name.
   * @throws RuntimeError name-conflict
   */
  async create(spec: RuntimeSpec): Promise<ProcessRecord> {
    if (!NAME.test(spec.name)) throw new RuntimeError('refused', `${spec.name} cannot be a container's name.`);
    const record: ProcessRecord = { id: `${spec.name}.${unique()}`, spec, process: null, exit: null };
    const draft = join(this.folder, `.new-${unique()}`);
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o755 });
      await mkdir(draft, { mode: 0o700 });
      await writeFile(join(draft, RECORD), JSON.stringify(record));
      await rename(draft, this.folderOf(record.id));
      return record;
    } catch (cause) {
      await rm(draft, { recursive: true, force: true });
      if (!isErrno(cause, 'ENOTEMPTY', 'EEXIST')) throw diskError(cause);
      throw new RuntimeError('name-conflict', `There is already a container ${spec.name}.`, { cause });
    }
  }

  async find(idOrName: string): Promise<ProcessRecord | null> {
    if (!NAME.test(idOrName)) return null;
    const byName = await this.read(idOrName);
    if (byName !== null) return byName;
    const byId = await this.read(idOrName.slice(0, Math.max(idOrName.lastIndexOf('.'), 0)));
    return byId?.id === idOrName ? byId : null;
  }

  /** @throws RuntimeError not-found */
  async get(id: string): Promise<ProcessRecord> {
    const record = await this.find(id);
    if (record?.id !== id) throw new RuntimeError('not-found', `There is no container ${id}.`);
    return record;
  }

  async list(): Promise<readonly ProcessRecord[]> {
    const names = await readdir(this.folder).catch(() => []);
    const records = await Promise.all(names.filter((name) => NAME.test(name)).map((name) => this.read(name)));
    return records.filter((record) => record !== null);
  }

  /** Writes what changed, if the container is still there. */
  async update(id: string, change: Pick<ProcessRecord, 'process' | 'exit'>): Promise<void> {
    const record = await this.find(id);
    if (record?.id !== id) return;
    const draft = join(this.folderOf(id), `.${RECORD}-${unique()}`);
    try {
      await writeFile(draft, JSON.stringify({ ...record, ...change }));
      await rename(draft, join(this.folderOf(id), RECORD));
    } catch (cause) {
      if (!isErrno(cause, 'ENOENT')) throw diskError(cause);
    }
  }

  async remove(id: string): Promise<void> {
    const trash = join(this.folder, `.old-${unique()}`);
    await rename(this.folderOf(id), trash).catch(ignoringMissing);
    await rm(trash, { recursive: true, force: true });
  }

  /** Where the container's log is. */
  folderOf(id: string): string {
    return join(this.folder, id.slice(0, id.lastIndexOf('.')));
  }

  /**
   * Does something that only one Muster process may do with a container at a time.
   * @throws RuntimeError refused when another is at it
   */
  async exclusively<T>(id: string, purpose: string, work: () => Promise<T>): Promise<T> {
    const lock = join(this.folderOf(id), `.${purpose}.lock`);
    await this.takeLock(id, lock);
    try {
      return await work();
    } finally {
      await rm(lock, { force: true });
    }
  }

  private async takeLock(id: string, lock: string): Promise<void> {
    for (const last of [false, true]) {
      try {
        await writeFile(lock, '', { flag: 'wx' });
        return;
      } catch (cause) {
        if (isErrno(cause, 'ENOENT')) throw new RuntimeError('not-found', `There is no container ${id}.`, { cause });
        if (!isErrno(cause, 'EEXIST')) throw diskError(cause);
        const age = Date.now() - ((await stat(lock).catch(() => null))?.mtimeMs ?? 0);
        if (last || age < STALE_LOCK_MS) {
          throw new RuntimeError('refused', `Another call is at work on container ${id}.`, { cause });
        }
        await rm(lock, { force: true });
      }
    }
  }

  private async read(name: string): Promise<ProcessRecord | null> {
    if (name === '') return null;
    const text = await readFile(join(this.folder, name, RECORD), 'utf8').catch(() => null);
    return text === null ? null : (JSON.parse(text) as ProcessRecord);
  }
}

function unique(): string {
  return randomBytes(6).toString('hex');
}

function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

function ignoringMissing(error: unknown): void {
  if (!isErrno(error, 'ENOENT')) throw error;
}

function diskError(cause: unknown): RuntimeError {
  const full = isErrno(cause, 'ENOSPC', 'EDQUOT');
  return full
    ? new RuntimeError('disk-full', "No space is left for Muster's state. Make room, then try again.", { cause })
    : new RuntimeError('unavailable', "Muster's state folder cannot be written.", { cause });
}
