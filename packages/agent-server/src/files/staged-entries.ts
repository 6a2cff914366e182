import { constants } from 'node:fs';
import { link, lutimes, mkdir, symlink, unlink } from 'node:fs/promises';
import type { ReadEntry } from 'tar/read-entry';
import { AgentError } from '../errors.js';
import { toBytes, type ByteName } from './byte-name.js';
import { errnoOf } from './file-error.js';
import type { PinnedFolder } from './pinned-folder.js';
import { removeTree } from './remove-file.js';
import { DEEPEST } from './workspace.js';
import { writeBytes } from './write-bytes.js';

const FILES: readonly string[] = ['File', 'OldFile', 'ContiguousFile'];
const PERMISSIONS = 0o777;
/** What is packed as closed to its owner could not be filled. */
const OWNER_ENTERS = 0o700;

/**
 * Puts an archive's entries into a folder that nobody else knows of. Files, folders and links alone, below that folder alone,
 * with no special bits in their modes, so much and so many at most.
 */
export class StagedEntries {
  files = 0;
  bytes = 0;
  private entries = 0;

  constructor(
    private readonly root: PinnedFolder,
    private readonly maxBytes: number,
    private readonly maxEntries: number,
  ) {}

  /** @throws AgentError ARCHIVE_INVALID, BODY_TOO_LARGE, or what the disk says */
  async add(entry: ReadEntry): Promise<void> {
    const { type } = entry;
    this.count(entry.size);
    const names = namesIn(entry.path);
    const name = names.pop();
    if (name === undefined) {
      if (type !== 'Directory') throw refused('an entry has no name');
      entry.resume();
      return;
    }
    await this.within(names, async (folder) => {
      if (type === 'Directory') await this.addFolder(folder, name, entry);
      else if (FILES.includes(type)) await this.addFile(folder, name, entry);
      else if (type === 'SymbolicLink') await this.addLink(folder, name, entry);
      else if (type === 'Link') await this.addHardLink(folder, name, entry);
      else throw refused(`it holds a ${type}; files, folders and links are taken`);
    });
  }

  private count(size: number): void {
    this.bytes += size;
    this.entries += 1;
    if (this.bytes > this.maxBytes || this.entries > this.maxEntries) {
      throw new AgentError(
        'BODY_TOO_LARGE',
        `The archive holds more than ${this.maxBytes} bytes or ${this.maxEntries} entries; nothing of it was kept.`,
      );
    }
  }

  private async addFolder(folder: PinnedFolder, name: ByteName, entry: ReadEntry): Promise<void> {
    entry.resume();
    await makeFolder(folder, name, modeOf(entry) | OWNER_ENTERS);
  }

  private async addFile(folder: PinnedFolder, name: ByteName, entry: ReadEntry): Promise<void> {
    await makeRoom(folder, name);
    const file = await folder.file(name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await writeBytes(file, entry);
    } finally {
      await file.close();
    }
    await folder.setMode(name, modeOf(entry));
    await setTime(folder, name, entry.mtime);
    this.files += 1;
  }

  /** Wherever it leads: nobody here ever follows it, and the agent may go where it likes. */
  private async addLink(folder: PinnedFolder, name: ByteName, entry: ReadEntry): Promise<void> {
    entry.resume();
    await makeRoom(folder, name);
    await symlink(Buffer.from(entry.linkpath ?? '', 'utf8'), folder.at(name));
    this.files += 1;
  }

  private async addHardLink(folder: PinnedFolder, name: ByteName, entry: ReadEntry): Promise<void> {
    entry.resume();
    const target = namesIn(entry.linkpath ?? '');
    const targetName = target.pop();
    if (targetName === undefined) throw refused('a hard link leads nowhere');
    await this.within(target, async (targetFolder) => {
      const found = await targetFolder.look(targetName).catch(() => null);
      if (found?.isFile() !== true) throw refused('a hard link leads to what is no file before it in the archive');
      if (target.join('/') === namesIn(entry.path).slice(0, -1).join('/') && targetName === name) return;
      await makeRoom(folder, name);
      await link(targetFolder.at(targetName), folder.at(name));
      this.files += 1;
    });
  }

  /** The folders on the way are made. */
  private async within(names: readonly ByteName[], use: (folder: PinnedFolder) => Promise<void>): Promise<void> {
    let folder = this.root;
    try {
      for (const name of names) {
        const next = await this.enter(folder, name);
        if (folder !== this.root) await folder.close();
        folder = next;
      }
      await use(folder);
    } finally {
      if (folder !== this.root) await folder.close();
    }
  }

  private async enter(folder: PinnedFolder, name: ByteName): Promise<PinnedFolder> {
    try {
      return await folder.folder(name);
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ENOTDIR' || code === 'ELOOP') throw refused('an entry lies below what is no folder in it');
      if (code !== 'ENOENT') throw error;
      await makeFolder(folder, name, 0o755);
      return folder.folder(name);
    }
  }
}

/** @throws AgentError ARCHIVE_INVALID for what does not lie below */
function namesIn(path: string): ByteName[] {
  const names = toBytes(path)
    .split('/')
    .filter((name) => name !== '' && name !== '.');
  if (path.startsWith('/')) throw refused('an entry has an absolute path');
  if (path.includes('\0') || names.includes('..')) throw refused('an entry leads out of it, by ".." or U+0000');
  if (names.length > DEEPEST) throw refused(`an entry lies more than ${DEEPEST} folders deep`);
  return names;
}

const modeOf = ({ mode }: ReadEntry): number => (mode ?? 0o644) & PERMISSIONS;

async function makeFolder(folder: PinnedFolder, name: ByteName, mode: number): Promise<void> {
  try {
    await mkdir(folder.at(name), { mode });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    if ((await folder.look(name)).isDirectory()) await folder.setMode(name, mode);
    else throw refused('an entry is both a folder and something else');
  }
}

/** The last of several entries with one name counts, as tar has it. */
async function makeRoom(folder: PinnedFolder, name: ByteName): Promise<void> {
  await unlink(folder.at(name)).catch(async (error: unknown) => {
    const code = errnoOf(error);
    if (code === 'ENOENT') return;
    if (code !== 'EISDIR' && code !== 'EPERM') throw error;
    await removeTree(folder, name);
  });
}

async function setTime(folder: PinnedFolder, name: ByteName, at: Date | undefined): Promise<void> {
  if (at === undefined || Number.isNaN(at.getTime())) return;
  try {
    await lutimes(folder.at(name), at, at);
  } catch (error) {
    // Node's permission model keeps times from being set; the file is the same without.
    if (errnoOf(error) !== 'ERR_ACCESS_DENIED') throw error;
  }
}

const refused = (why: string): AgentError =>
  new AgentError('ARCHIVE_INVALID', `The archive cannot be unpacked: ${why}. Nothing of it was kept.`);
