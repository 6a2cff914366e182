import { constants } from 'node:fs';
import type { Readable } from 'node:stream';
import { AgentError } from '../errors.js';
import { etagOf } from './file-entry.js';
import { splitLast, type Workspace } from './workspace.js';

const CHUNK_BYTES = 256 * 1024;

export interface ReadRequest {
  readonly path: string;
  readonly maxBytes: number;
  /** As the Range header has it, if there is one. */
  readonly range: string | undefined;
}

export interface FileContent {
  readonly etag: string;
  readonly size: number;
  /** First and last byte of the part that was asked for; null when it is the whole. */
  readonly range: { readonly first: number; readonly last: number } | null;
  readonly bytes: Readable;
}

/** The bytes of a regular file, or of a part of it, as it is at this moment. */
export async function readFile(workspace: Workspace, { path, maxBytes, range }: ReadRequest): Promise<FileContent> {
  const { parent, name } = splitLast(path);
  return workspace.within(parent, async (folder) => {
    const file = await folder.file(name, constants.O_RDONLY);
    try {
      const stats = await file.stat({ bigint: true });
      if (!stats.isFile()) throw new AgentError('FILE_CONFLICT', 'It is no regular file.');
      const size = Number(stats.size);
      const part = partOf(range, size);
      const length = part === null ? size : part.last - part.first + 1;
      if (length > maxBytes) {
        throw new AgentError(
          'BODY_TOO_LARGE',
          `That is ${length} bytes; at most ${maxBytes} are read at once. Ask for a part of it with Range.`,
        );
      }
      const end = part?.last ?? size - 1;
      const bytes = file.createReadStream({
        start: part?.first ?? 0,
        end: Math.max(end, 0),
        highWaterMark: CHUNK_BYTES,
      });
      return { etag: etagOf(stats), size, range: part, bytes };
    } catch (error) {
      await file.close();
      throw error;
    }
  });
}

/** One range of bytes (RFC 9110, section 14.1.2); null for all of it. Several, or other units, are as if not asked for. */
export function partOf(range: string | undefined, size: number): { first: number; last: number } | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.trim() ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const [, from = '', to = ''] = match;
  if (from === '') {
    const first = Math.max(size - Number(to), 0);
    if (Number(to) === 0 || size === 0) throw unsatisfiable(size);
    return { first, last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return null;
  if (first >= size) throw unsatisfiable(size);
  return { first, last };
}

const unsatisfiable = (size: number): AgentError =>
  new AgentError('RANGE_NOT_SATISFIABLE', `The file has ${size} bytes, and none where the range is.`);
