import type { BigIntStats } from 'node:fs';
import { rename } from 'node:fs/promises';
import { AgentError } from '../errors.js';
import { toText, type ByteName } from './byte-name.js';
import { errnoOf } from './file-error.js';
import type { PinnedFolder } from './pinned-folder.js';
import { STAGING } from './workspace.js';

const LONGEST_NAME_SHOWN = 200;

/** @throws AgentError FILE_CONFLICT when a folder would have to replace something else, or the other way round */
export async function assertMergeable(from: PinnedFolder, to: PinnedFolder): Promise<void> {
  await eachPair(from, to, async (name, source, found, inner) => {
    if (found === null) return;
    if (source.isDirectory() !== found.isDirectory()) {
      throw new AgentError(
        'FILE_CONFLICT',
        `${toText(name).slice(0, LONGEST_NAME_SHOWN)} is a folder, here or in the archive, and no folder in the other. Remove it first.`,
      );
    }
    if (source.isDirectory()) await inner(assertMergeable);
  });
}

/** Moves what is in one folder into another of the same file system; folders that are in both are merged. */
export async function merge(from: PinnedFolder, to: PinnedFolder): Promise<void> {
  await eachPair(from, to, async (name, source, found, inner) => {
    if (source.isDirectory() && found?.isDirectory() === true) await inner(merge);
    else await rename(from.at(name), to.at(name));
  });
}

type Inner = (step: (from: PinnedFolder, to: PinnedFolder) => Promise<void>) => Promise<void>;

async function eachPair(
  from: PinnedFolder,
  to: PinnedFolder,
  act: (name: ByteName, source: BigIntStats, found: BigIntStats | null, inner: Inner) => Promise<void>,
): Promise<void> {
  const names: ByteName[] = [];
  for await (const name of from.names()) names.push(name);
  for (const name of names) {
    if (name === STAGING) throw new AgentError('ARCHIVE_INVALID', `An archive cannot hold ${STAGING}.`);
    const found = await to.look(name).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    });
    await act(name, await from.look(name), found, (step) => both(from, to, name, step));
  }
}

async function both(
  from: PinnedFolder,
  to: PinnedFolder,
  name: ByteName,
  step: (from: PinnedFolder, to: PinnedFolder) => Promise<void>,
): Promise<void> {
  const source = await from.folder(name);
  try {
    const target = await to.folder(name);
    try {
      await step(source, target);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
