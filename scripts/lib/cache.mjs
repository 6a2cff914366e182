import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * @param {readonly string[]} names
 * @returns {string} a path in Muster's part of the user's cache folder
 */
export function cachePath(...names) {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'muster', ...names);
}

/**
 * Makes a folder once. It gets its name only when it is whole, so one that an interruption left half done is never taken
 * for it; of two processes that make it at once, the second throws its own away.
 *
 * @param {string} folder
 * @param {(draft: string) => Promise<void>} fill puts the content into an empty folder
 * @returns {Promise<string>} the folder
 */
export async function makeOnce(folder, fill) {
  if (existsSync(folder)) return folder;
  await withDraft(dirname(folder), async (draft) => {
    await fill(draft);
    await rename(draft, folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  });
  return folder;
}

/**
 * Lends a folder of one's own, and takes it away afterwards.
 *
 * @template T
 * @param {string} parent
 * @param {(draft: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withDraft(parent, use) {
  await mkdir(parent, { recursive: true });
  const draft = await mkdtemp(join(parent, '.draft-'));
  try {
    return await use(draft);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
