import type { FileChange, FileEntry, FileType } from '../../domain/files/file-entry.js';
import type { FileContent, FileList } from '../../domain/runtime/agent-files.js';
import { isCount, isRecord } from './agent-protocol.js';

const TYPES: readonly FileType[] = ['file', 'folder', 'link', 'pipe', 'socket', 'device'];
const KINDS: readonly FileChange['kind'][] = ['watching', 'created', 'changed', 'deleted', 'incomplete'];
const ETAG = /^[0-9a-z-]{1,64}$/;
/** A name's bytes may each be one that is no UTF-8. */
const LONGEST_PATH = 8192;

/** Each is null when it is no such answer. */
export function parseFileList(body: unknown): FileList | null {
  if (!isRecord(body) || !Array.isArray(body['entries']) || typeof body['more'] !== 'boolean') return null;
  const entries = body['entries'].map(parseFileEntry);
  return entries.every((entry) => entry !== null) ? { entries, more: body['more'] } : null;
}

export function parseFileEntry(body: unknown): FileEntry | null {
  if (!isRecord(body)) return null;
  const { path, type, size, mode, modifiedAt, target, etag } = body;
  const known = TYPES.find((each) => each === type);
  if (known === undefined || !isPath(path) || !isCount(size) || !isCount(mode) || mode > 0o7777) return null;
  if (target !== null && !isPath(target)) return null;
  if (etag !== null && (typeof etag !== 'string' || !ETAG.test(etag))) return null;
  const at = new Date(typeof modifiedAt === 'string' ? modifiedAt : Number.NaN);
  return Number.isNaN(at.getTime()) ? null : { path, type: known, size, mode, modifiedAt: at, target, etag };
}

export function parseFileChange(body: unknown): FileChange | null {
  if (!isRecord(body) || !isPath(body['path'])) return null;
  const kind = KINDS.find((each) => each === body['kind']);
  const type = TYPES.find((each) => each === body['type']) ?? null;
  return kind === undefined ? null : { kind, path: body['path'], type };
}

export function parseUnpacked(body: unknown): { files: number; bytes: number } | null {
  if (!isRecord(body) || !isCount(body['files']) || !isCount(body['bytes'])) return null;
  return { files: body['files'], bytes: body['bytes'] };
}

export function parseContentHead(
  status: number,
  headers: Readonly<Record<string, unknown>>,
): Pick<FileContent, 'etag' | 'length' | 'range'> | null {
  const etag = /^"(.*)"$/.exec(textOf(headers['etag']))?.[1] ?? '';
  const length = /^\d{1,16}$/.test(textOf(headers['content-length'])) ? Number(headers['content-length']) : null;
  if (!ETAG.test(etag) || length === null) return null;
  if (status === 200) return { etag, length, range: null };
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(textOf(headers['content-range']));
  if (status !== 206 || match === null) return null;
  const [first = 0, last = 0, total = 0] = match.slice(1).map(Number);
  return last - first + 1 === length && last < total ? { etag, length, range: { first, last, total } } : null;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const isPath = (value: unknown): value is string => typeof value === 'string' && value.length <= LONGEST_PATH;
