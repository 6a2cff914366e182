import { watch, type BigIntStats, type FSWatcher } from 'node:fs';
import { Readable } from 'node:stream';
import type { FileChange } from '../protocol.js';
import { toText, type ByteName } from './byte-name.js';
import { etagOf, typeOf } from './file-entry.js';
import type { PinnedFolder } from './pinned-folder.js';
import { ignoringGone } from './walk.js';
import { namesOf, STAGING, type Workspace } from './workspace.js';

/** What is held open and in memory for one watch. Beyond, it says that it does not see everything. */
const MOST_FOLDERS = 512;
const MOST_NAMES = 50_000;
/** Changes of one file that come close together are one. */
const GATHER_MS = 50;
const MOST_PENDING = 10_000;

/**
 * What changes in a folder and below it, as a line of JSON each, until the signal ends it. The first line says that the watch
 * has begun: what changes from then on is told. `incomplete` says that there is more than is watched, or was more at once
 * than is kept: then only listing it anew shows everything.
 */
export async function watchFiles(workspace: Workspace, path: string, signal: AbortSignal): Promise<Readable> {
  const names = namesOf(path);
  const watched = new WatchedTree(signal);
  const root = await workspace.pinned(names);
  try {
    await watched.add(root, names, false);
  } catch (error) {
    await watched.close();
    throw error;
  }
  const lines = watched.changes();
  return Readable.from(lines, { objectMode: false });
}

interface WatchedFolder {
  readonly pinned: PinnedFolder;
  readonly path: readonly ByteName[];
  readonly watcher: FSWatcher;
  /** What was seen in it, by name; the text tells one content from another. */
  readonly known: Map<ByteName, string>;
}

class WatchedTree {
  /** By their path, joined. */
  private readonly folders = new Map<string, WatchedFolder>();
  /** What to look at: folder and name, joined by `/`. */
  private readonly touched = new Map<string, { folder: string; name: ByteName }>();
  private names = 0;
  private incomplete = false;
  private wake = (): void => undefined;

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener('abort', () => {
      this.wake();
    });
  }

  async add(pinned: PinnedFolder, path: readonly ByteName[], tell: boolean): Promise<void> {
    const key = path.join('/');
    if (this.folders.has(key) || this.folders.size >= MOST_FOLDERS) {
      this.incomplete ||= !this.folders.has(key);
      await pinned.close();
      return;
    }
    const watcher = this.watch(pinned, key);
    if (watcher === null) {
      this.incomplete = true;
      await pinned.close();
      return;
    }
    // The folder went; whoever watches the one above says so.
    watcher.on('error', () => undefined);
    const folder: WatchedFolder = { pinned, path, watcher, known: new Map() };
    this.folders.set(key, folder);
    // After the watch has begun, so that nothing comes in between unseen.
    for await (const name of pinned.names()) {
      if (path.length === 0 && name === STAGING) continue;
      if (tell) this.touch(key, name);
      else await this.know(folder, name);
    }
  }

  /** null when the machine's watches are used up, or the folder has just gone. */
  private watch(pinned: PinnedFolder, key: string): FSWatcher | null {
    try {
      return watch(pinned.at(), { encoding: 'latin1' }, (_event, name) => {
        if (name !== null) this.touch(key, name);
      });
    } catch {
      return null;
    }
  }

  async *changes(): AsyncGenerator<string> {
    try {
      yield line({ kind: 'watching', path: '', type: null });
      while (!this.signal.aborted) {
        if (this.incomplete) {
          this.incomplete = false;
          yield line({ kind: 'incomplete', path: '', type: null });
        }
        for (const change of await this.next()) yield line(change);
      }
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    for (const { watcher, pinned } of this.folders.values()) {
      watcher.close();
      await pinned.close();
    }
    this.folders.clear();
  }

  private touch(folder: string, name: ByteName): void {
    if (folder === '' && name === STAGING) return;
    if (this.touched.size >= MOST_PENDING) this.incomplete = true;
    else this.touched.set(`${folder}/${name}`, { folder, name });
    this.wake();
  }

  private async next(): Promise<FileChange[]> {
    if (this.touched.size === 0 && !this.incomplete) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        if (this.signal.aborted) resolve();
      });
      this.wake = () => undefined;
      await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    }
    const looked = [...this.touched.values()];
    this.touched.clear();
    const changes: FileChange[] = [];
    for (const { folder, name } of looked) {
      const change = await this.look(folder, name);
      if (change !== null) changes.push(change);
    }
    return changes;
  }

  private async look(key: string, name: ByteName): Promise<FileChange | null> {
    const folder = this.folders.get(key);
    if (folder === undefined) return null;
    const path = [...folder.path, name];
    const stats = await folder.pinned.look(name).catch(ignoringGone);
    const before = folder.known.get(name);
    if (stats === null) {
      if (before === undefined) return null;
      this.forget(folder, name);
      await this.dropBelow(path.join('/'));
      return { kind: 'deleted', path: toText(path.join('/')), type: null };
    }
    const now = signOf(stats);
    if (now === before) return null;
    if (!this.remember(folder, name, now)) return null;
    const type = typeOf(stats);
    if (before?.startsWith('folder') === true) await this.dropBelow(path.join('/'));
    if (type === 'folder') await this.enter(folder, name, path, true);
    // A folder changes whenever something in it does, and that is told of itself.
    if (before !== undefined && type === 'folder') return null;
    return { kind: before === undefined ? 'created' : 'changed', path: toText(path.join('/')), type };
  }

  private async know(folder: WatchedFolder, name: ByteName): Promise<void> {
    const stats = await folder.pinned.look(name).catch(ignoringGone);
    if (stats === null || !this.remember(folder, name, signOf(stats))) return;
    if (stats.isDirectory()) await this.enter(folder, name, [...folder.path, name], false);
  }

  private async enter(
    { pinned }: WatchedFolder,
    name: ByteName,
    path: readonly ByteName[],
    tell: boolean,
  ): Promise<void> {
    const inner = await pinned.folder(name).catch(ignoringGone);
    if (inner !== null) await this.add(inner, path, tell);
  }

  private remember({ known }: WatchedFolder, name: ByteName, sign: string): boolean {
    if (!known.has(name)) {
      if (this.names >= MOST_NAMES) {
        this.incomplete = true;
        return false;
      }
      this.names += 1;
    }
    known.set(name, sign);
    return true;
  }

  private forget({ known }: WatchedFolder, name: ByteName): void {
    if (known.delete(name)) this.names -= 1;
  }

  private async dropBelow(path: string): Promise<void> {
    for (const [key, { watcher, pinned, known }] of [...this.folders]) {
      if (key !== path && !key.startsWith(`${path}/`)) continue;
      watcher.close();
      await pinned.close();
      this.names -= known.size;
      this.folders.delete(key);
    }
  }
}

const signOf = (stats: BigIntStats): string =>
  stats.isDirectory() ? `folder ${stats.ino}` : `${typeOf(stats)} ${etagOf(stats)}`;

const line = (change: FileChange): string => `${JSON.stringify(change)}\n`;
