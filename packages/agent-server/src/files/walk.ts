import type { BigIntStats } from 'node:fs';
import { AgentError } from '../errors.js';
import type { ByteName } from './byte-name.js';
import { errnoOf } from './file-error.js';
import { typeOf } from './file-entry.js';
import type { PinnedFolder } from './pinned-folder.js';
import { DEEPEST, STAGING } from './workspace.js';

export interface Found {
  readonly folder: PinnedFolder;
  /** Of the folder, from the workspace on. */
  readonly path: readonly ByteName[];
  readonly name: ByteName;
  readonly stats: BigIntStats;
}

export interface WalkOptions {
  readonly recursive: boolean;
  /** Names held in memory at once, for each level. */
  readonly batch: number;
  /** Where to go on: the names below the folder that were the last. */
  readonly after?: readonly ByteName[];
  /** What is closed to the agent, or nested too deep, is an error instead of being left out. @default false */
  readonly complete?: boolean;
}

/**
 * What is in a folder, in the order of the names' bytes, a folder before what is in it. Of a folder with a million names only
 * a batch is held at a time, so it is read through once for each batch; what comes and goes meanwhile may be seen or not.
 */
export async function* walk(
  folder: PinnedFolder,
  path: readonly ByteName[],
  options: WalkOptions,
): AsyncGenerator<Found> {
  const { recursive, batch, after = [] } = options;
  const [first, ...rest] = after;
  if (recursive && first !== undefined && path.length < DEEPEST) yield* below(folder, path, first, options, rest);
  let last = first;
  for (;;) {
    const names = await smallestNames(folder, last, batch, path.length === 0);
    for (const name of names) {
      const stats = await folder.look(name).catch(ignoring(options));
      if (stats === null) continue;
      yield { folder, path, name, stats };
      if (recursive && typeOf(stats) === 'folder' && isInReach(path, options)) {
        yield* below(folder, path, name, options, []);
      }
    }
    if (names.length < batch) return;
    last = names.at(-1);
  }
}

async function* below(
  folder: PinnedFolder,
  path: readonly ByteName[],
  name: ByteName,
  options: WalkOptions,
  after: readonly ByteName[],
): AsyncGenerator<Found> {
  const inner = await folder.folder(name).catch(ignoring(options));
  if (inner === null) return;
  try {
    yield* walk(inner, [...path, name], { ...options, after });
  } finally {
    await inner.close();
  }
}

/** The first `count` names after `after`, sorted. */
async function smallestNames(
  folder: PinnedFolder,
  after: ByteName | undefined,
  count: number,
  isRoot: boolean,
): Promise<ByteName[]> {
  let kept: ByteName[] = [];
  let bound: ByteName | undefined;
  for await (const name of folder.names()) {
    if ((after !== undefined && name <= after) || (bound !== undefined && name >= bound)) continue;
    if (isRoot && name === STAGING) continue;
    kept.push(name);
    // Sorting now and then, and not after each, keeps a folder of a million cheap.
    if (kept.length >= 4 * count) {
      kept = kept.sort(byBytes).slice(0, count);
      bound = kept.at(-1);
    }
  }
  return kept.sort(byBytes).slice(0, count);
}

export const byBytes = (a: ByteName, b: ByteName): number => (a < b ? -1 : a > b ? 1 : 0);

/** @throws AgentError FILE_CONFLICT for what is too deep, when all of it is asked for */
function isInReach(path: readonly ByteName[], { complete = false }: WalkOptions): boolean {
  if (path.length < DEEPEST - 1) return true;
  if (complete) throw new AgentError('FILE_CONFLICT', `Something lies more than ${DEEPEST} folders deep.`);
  return path.length < DEEPEST;
}

/** What may be left out of a walk: all that cannot be told, or, when all is asked for, what is gone alone. */
export const ignoring = ({ complete = false }: Pick<WalkOptions, 'complete'>): ((error: unknown) => null) =>
  complete ? onlyGone : ignoringGone;

function onlyGone(error: unknown): null {
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ESTALE'].includes(errnoOf(error) ?? '')) return null;
  throw error;
}

/** It went, became something else, or the agent closed it to itself: then there is nothing of it to tell. */
export function ignoringGone(error: unknown): null {
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'ESTALE'].includes(errnoOf(error) ?? '')) return null;
  throw error;
}
