import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const DRAFT = '.draft-';
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * @param {readonly string[]} names
 * @returns {string} a path in Muster's part of the user's cache folder
 */
export function cachePath(...names) {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'muster', ...names);
}

/**
 * Lends a folder of one's own in the user's cache, and takes it away afterwards. What is to stay is renamed out of it when
 * it is whole, so that nothing half done ever has a name that looks whole.
 *
 * @template T
 * @param {(draft: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withDraft(use) {
  await mkdir(cachePath(), { recursive: true });
  await removeForgotten();
  const draft = await mkdtemp(cachePath(DRAFT));
  try {
    return await use(draft);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Takes away drafts of processes that were killed. */
async function removeForgotten() {
  for (const name of await readdir(cachePath())) {
    if (!name.startsWith(DRAFT)) continue;
    const made = await stat(cachePath(name)).catch(() => undefined);
    if (made && Date.now() - made.mtimeMs > DAY_MS) await rm(cachePath(name), { recursive: true, force: true });
  }
}
