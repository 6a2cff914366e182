import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Header, type HeaderData } from 'tar/header';
import { Pax } from 'tar/pax';
import { AgentError } from '../errors.js';
import { toBytes, toText, type ByteName } from './byte-name.js';
import { typeOf } from './file-entry.js';
import type { PinnedFolder } from './pinned-folder.js';
import { ignoring, walk, type Found } from './walk.js';
import { namesOf, type Workspace } from './workspace.js';

const BLOCK = 512;
const CHUNK_BYTES = 512 * 1024;
const NAMES_AT_ONCE = 512;

export interface PackRequest {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** Refuses what an archive cannot hold as it is, instead of leaving it out or changing its name. @default false */
  readonly complete?: boolean;
}

/**
 * A folder's content, or one file, as a tar stream, names relative to the folder. Links are packed as links; pipes, sockets and
 * devices, and what is closed to the agent, are left out. What is there is added up before the first byte is given.
 */
export async function packArchive(workspace: Workspace, request: PackRequest): Promise<Readable> {
  const names = namesOf(request.path);
  let bytes = 0;
  let entries = 0;
  for await (const { folder, name, stats } of filesAt(workspace, names, request)) {
    // Once bytes are given nobody can be told any more why they break off.
    if (request.complete === true && stats.isFile()) await (await folder.file(name, constants.O_RDONLY)).close();
    bytes += BLOCK + (stats.isFile() ? Number(stats.size) : 0);
    entries += 1;
    if (bytes > request.maxBytes || entries > request.maxEntries) throw tooLarge(request);
  }
  return Readable.from(packed(workspace, names, request), { objectMode: false, highWaterMark: 2 * CHUNK_BYTES });
}

async function* filesAt(
  workspace: Workspace,
  names: readonly ByteName[],
  { complete = false }: PackRequest,
): AsyncGenerator<Found> {
  const folder = await workspace.pinned(names.slice(0, -1));
  try {
    const name = names.at(-1);
    const stats = name === undefined ? null : await folder.look(name);
    if (name !== undefined && stats !== null && typeOf(stats) !== 'folder') {
      if (isPackable(stats)) yield { folder, path: [], name, stats };
      else throw new AgentError('FILE_CONFLICT', 'It is no regular file, folder or link.');
      return;
    }
    yield* below(name === undefined ? folder : await folder.folder(name), name !== undefined, complete);
  } finally {
    await folder.close();
  }
}

async function* below(folder: PinnedFolder, close: boolean, complete: boolean): AsyncGenerator<Found> {
  try {
    // Beneath the workspace nothing is named as the staging folder is, so only there it is left out.
    for await (const found of walk(folder, [], { recursive: true, batch: NAMES_AT_ONCE, complete })) {
      if (complete && isPackable(found.stats)) assertNameKept(found.name);
      if (isPackable(found.stats)) yield found;
    }
  } finally {
    if (close) await folder.close();
  }
}

const isPackable = (stats: Found['stats']): boolean => ['file', 'folder', 'link'].includes(typeOf(stats));

async function* packed(workspace: Workspace, names: readonly ByteName[], request: PackRequest): AsyncGenerator<Buffer> {
  let bytes = 0;
  // An archive of nothing at all would be taken for no archive.
  if (request.complete === true)
    yield header({ path: './', mode: 0o755, mtime: new Date(0), type: 'Directory', size: 0 });
  for await (const found of filesAt(workspace, names, request)) {
    for await (const piece of entry(found, request)) {
      bytes += piece.length;
      // It grows while it is read: twice as much as was there is no archive of it any more.
      if (bytes > 2 * request.maxBytes + BLOCK * request.maxEntries) throw tooLarge(request);
      yield piece;
    }
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** @throws AgentError FILE_CONFLICT for a name that would come back as another */
function assertNameKept(name: ByteName): void {
  if (toBytes(toText(name)) === name) return;
  throw new AgentError('FILE_CONFLICT', `A name in it is no UTF-8, which an archive cannot hold: ${toText(name)}`);
}

async function* entry({ folder, path, name, stats }: Found, request: PackRequest): AsyncGenerator<Buffer> {
  const type = typeOf(stats);
  const told = { path: toText([...path, name].join('/')), mode: Number(stats.mode) & 0o777, mtime: secondsOf(stats) };
  if (type === 'folder') {
    yield header({ ...told, path: `${told.path}/`, type: 'Directory', size: 0 });
  } else if (type === 'link') {
    const target = await folder.target(name).catch(ignoring(request));
    if (target !== null && request.complete === true) assertNameKept(target);
    if (target !== null) yield header({ ...told, type: 'SymbolicLink', linkpath: toText(target), size: 0 });
  } else {
    const file = await folder.file(name, constants.O_RDONLY).catch(ignoring(request));
    if (file !== null) yield* content(file, told);
  }
}

async function* content(file: FileHandle, told: { path: string; mode: number; mtime: Date }): AsyncGenerator<Buffer> {
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return;
    yield header({ ...told, type: 'File', size: stats.size });
    let left = stats.size;
    while (left > 0) {
      const piece = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, left));
      const { bytesRead } = await file.read(piece, 0, piece.length, stats.size - left);
      // It was cut short meanwhile: the header has promised so many bytes.
      if (bytesRead === 0) yield piece.fill(0);
      else yield piece.subarray(0, bytesRead);
      left -= bytesRead === 0 ? piece.length : bytesRead;
    }
    const rest = stats.size % BLOCK;
    if (rest > 0) yield Buffer.alloc(BLOCK - rest);
  } finally {
    await file.close();
  }
}

function header(told: HeaderData): Buffer {
  const data: HeaderData = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, ...told };
  const block = Buffer.alloc(BLOCK);
  if (!new Header(data).encode(block, 0)) return block;
  return Buffer.concat([new Pax(data, false).encode(), block]);
}

/** Whole seconds, within what the field of the header holds. */
const secondsOf = ({ mtimeMs }: Found['stats']): Date =>
  new Date(Math.min(Math.max(Math.floor(Number(mtimeMs) / 1000), 0), 0o77777777777) * 1000);

const tooLarge = ({ maxBytes, maxEntries }: PackRequest): AgentError =>
  new AgentError(
    'BODY_TOO_LARGE',
    `An archive holds at most ${maxBytes} bytes and ${maxEntries} entries. Ask for a smaller folder, or file by file.`,
  );
