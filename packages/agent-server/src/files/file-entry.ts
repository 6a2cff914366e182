import { constants, type BigIntStats } from 'node:fs';
import type { FileEntry, FileType } from '../protocol.js';
import { toText, type ByteName } from './byte-name.js';
import type { PinnedFolder } from './pinned-folder.js';

const TYPES: Readonly<Record<number, FileType>> = {
  [constants.S_IFREG]: 'file',
  [constants.S_IFDIR]: 'folder',
  [constants.S_IFLNK]: 'link',
  [constants.S_IFIFO]: 'pipe',
  [constants.S_IFSOCK]: 'socket',
};

export function typeOf(stats: BigIntStats): FileType {
  return TYPES[Number(stats.mode) & constants.S_IFMT] ?? 'device';
}

/** Which content it is: another inode, size or time of change is another one. */
export function etagOf({ ino, size, ctimeNs }: BigIntStats): string {
  return `${ino.toString(36)}-${size.toString(36)}-${ctimeNs.toString(36)}`;
}

/** What is told about something that was looked at without being opened. */
export async function entryOf(
  folder: PinnedFolder,
  path: readonly ByteName[],
  name: ByteName,
  stats: BigIntStats,
): Promise<FileEntry> {
  const type = typeOf(stats);
  return {
    path: toText([...path, name].join('/')),
    type,
    size: type === 'file' ? Number(stats.size) : 0,
    mode: Number(stats.mode) & 0o7777,
    modifiedAt: timeOf(stats),
    target: type === 'link' ? toText(await folder.target(name)) : null,
    etag: type === 'file' ? etagOf(stats) : null,
  };
}

/** A file can claim any time, ones that no date can hold too. */
export function timeOf({ mtimeMs }: BigIntStats): string {
  const at = new Date(Number(mtimeMs));
  return Number.isNaN(at.getTime()) ? new Date(0).toISOString() : at.toISOString();
}
