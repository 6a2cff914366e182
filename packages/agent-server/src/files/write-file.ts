import { constants, type BigIntStats } from 'node:fs';
import { rename } from 'node:fs/promises';
import { AgentError } from '../errors.js';
import type { FileEntry } from '../protocol.js';
import { entryOf, etagOf, typeOf } from './file-entry.js';
import { errnoOf } from './file-error.js';
import type { PinnedFolder } from './pinned-folder.js';
import { staged } from './staging.js';
import { splitLast, type Workspace } from './workspace.js';
import { atMost, writeBytes } from './write-bytes.js';

const NEW_FILE_MODE = 0o644;
const PERMISSIONS = 0o777;
const DRAFT = 'file';

export interface WriteRequest {
  readonly path: string;
  readonly maxBytes: number;
  /** Only if the file has this entity tag; `*`: only if there is one. */
  readonly ifMatch: string | undefined;
  /** Only if there is none. */
  readonly ifNoneMatch: boolean;
}

export interface Written {
  readonly entry: FileEntry;
  readonly created: boolean;
}

/** Between looking at what is there and replacing it, no other write of this agent-server comes in. */
let turn: Promise<unknown> = Promise.resolve();

/** Replaces or makes a file, whole or not at all. A link is replaced, not followed; the mode of a file stays. */
export async function writeFile(
  workspace: Workspace,
  request: WriteRequest,
  body: AsyncIterable<Buffer>,
): Promise<Written> {
  const { parent, name } = splitLast(request.path);
  // Known before all of it is sent, where it can be.
  await workspace.within(parent, async (folder) => {
    assertPreconditions(await find(folder, name), request);
  });
  return staged(workspace, async (staging) => {
    const draft = await staging.file(DRAFT, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await writeBytes(
        draft,
        atMost(body, request.maxBytes, () => tooLarge(request.maxBytes)),
      );
    } finally {
      await draft.close();
    }
    return workspace.within(parent, async (folder) =>
      inTurn(async () => {
        const before = await find(folder, name);
        assertPreconditions(before, request);
        const kept = before !== null && typeOf(before) === 'file' ? Number(before.mode) & PERMISSIONS : NEW_FILE_MODE;
        await staging.setMode(DRAFT, kept);
        await rename(staging.at(DRAFT), folder.at(name));
        const entry = await entryOf(folder, parent, name, await folder.look(name));
        return { entry, created: before === null };
      }),
    );
  });
}

async function find(folder: PinnedFolder, name: string): Promise<BigIntStats | null> {
  return folder.look(name).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
}

/** @throws AgentError FILE_CHANGED, FILE_CONFLICT for a folder */
function assertPreconditions(found: BigIntStats | null, { ifMatch, ifNoneMatch }: WriteRequest): void {
  if (found !== null && typeOf(found) === 'folder') throw new AgentError('FILE_CONFLICT', 'It is a folder.');
  if (found !== null && ifNoneMatch) throw new AgentError('FILE_CHANGED', 'There is a file at this path already.');
  if (ifMatch === undefined) return;
  if (found === null) throw new AgentError('FILE_CHANGED', 'There is no file at this path.');
  if (ifMatch !== '*' && ifMatch !== etagOf(found)) {
    throw new AgentError('FILE_CHANGED', 'The file is not the one that If-Match names. Read it again.');
  }
}

async function inTurn<T>(act: () => Promise<T>): Promise<T> {
  const mine = turn.then(act, act);
  turn = mine.catch(() => undefined);
  return mine;
}

const tooLarge = (maxBytes: number): AgentError =>
  new AgentError('BODY_TOO_LARGE', `The file is larger than ${maxBytes} bytes; nothing of it was kept.`);
