import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Parser } from 'tar/parse';
import type { ReadEntry } from 'tar/read-entry';
import { AgentError } from '../errors.js';
import type { ArchiveUnpacked } from '../protocol.js';
import { errnoOf } from './file-error.js';
import { makeFolder } from './make-folder.js';
import { assertMergeable, merge } from './merge-folders.js';
import { staged } from './staging.js';
import { StagedEntries } from './staged-entries.js';
import { namesOf, type Workspace } from './workspace.js';
import { atMost } from './write-bytes.js';

export interface UnpackRequest {
  readonly path: string;
  readonly gzip: boolean;
  /** Of the archive as it is sent, of the archive unpacked, and of all that is in it. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/**
 * Unpacks a tar stream into a folder, which is made where it is missing. First all of it goes into a folder beside; when it is
 * whole and fits, its files are moved to their places, where they replace files and links. A cut or broken archive, or a full
 * disk, leaves everything as it was.
 */
export async function unpackArchive(
  workspace: Workspace,
  request: UnpackRequest,
  body: Readable,
): Promise<ArchiveUnpacked> {
  const names = namesOf(request.path);
  return staged(workspace, async (staging) => {
    const entries = new StagedEntries(staging, request.maxBytes, request.maxEntries);
    await parse(entries, tarStream(body, request));
    const unpacked = { files: entries.files, bytes: entries.bytes };
    await assertFolderPossible(workspace, names);
    await makeFolder(workspace, request.path);
    await workspace.within(names, async (target) => {
      await assertMergeable(staging, target);
      await merge(staging, target);
    });
    return unpacked;
  });
}

/** @throws AgentError FILE_CONFLICT, before anything is made, when something on the way is no folder */
async function assertFolderPossible(workspace: Workspace, names: readonly string[]): Promise<void> {
  await workspace
    .within(names, () => Promise.resolve())
    .catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
}

/** Not by the parser, which would unpack in this one thread. */
function tarStream(body: Readable, { gzip, maxBytes }: UnpackRequest): AsyncIterable<Buffer> {
  const tooMuch = (): AgentError =>
    new AgentError('BODY_TOO_LARGE', `The archive is larger than ${maxBytes} bytes unpacked; nothing of it was kept.`);
  if (!gzip) return atMost(body.iterator({ destroyOnReturn: false }), maxBytes, tooMuch);
  const plain = createGunzip();
  body.once('error', (error) => plain.destroy(error));
  body.pipe(plain);
  return atMost(plain, maxBytes, tooMuch);
}

async function parse(entries: StagedEntries, source: AsyncIterable<Buffer>): Promise<void> {
  let failure: unknown;
  const failed = new AbortController();
  const fail = (error: unknown): void => {
    failure ??= error;
    failed.abort();
  };
  const parser = new Parser({ strict: true });
  parser.on('error', () => {
    fail(invalid('it is no tar archive, is broken, or is cut'));
  });
  parser.on('ignoredEntry', () => {
    fail(invalid('something in it is larger than a name or link may be'));
  });
  // The parser hands out the next one when this one has been read, which is before it is in its place: what comes later counts for more.
  let last: Promise<void> = Promise.resolve();
  let open: ReadEntry | undefined;
  const add = async (entry: ReadEntry): Promise<void> => {
    try {
      if (!failed.signal.aborted) await entries.add(entry);
    } catch (error) {
      fail(error);
    }
    entry.resume();
  };
  parser.on('entry', (entry: ReadEntry) => {
    open = entry;
    last = last.then(() => add(entry));
  });
  const ended = once(parser, 'end', { signal: failed.signal }).catch(() => undefined);
  try {
    for await (const piece of source) {
      if (failed.signal.aborted) break;
      if (!parser.write(piece)) await once(parser, 'drain', { signal: failed.signal }).catch(() => undefined);
    }
    if (!failed.signal.aborted) {
      parser.end();
      await ended;
    }
  } catch (error) {
    fail(errnoOf(error)?.startsWith('Z_') === true ? invalid('it is not whole gzip') : error);
  }
  // Nothing of it will come any more.
  if (failure !== undefined) open?.destroy();
  await last;
  if (failure !== undefined) throw failure as Error;
}

const invalid = (why: string): AgentError =>
  new AgentError('ARCHIVE_INVALID', `The archive cannot be unpacked: ${why}. Nothing of it was kept.`);
