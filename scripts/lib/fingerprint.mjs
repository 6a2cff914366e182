import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { root } from './paths.mjs';

const LEFT_OUT = new Set(['node_modules', 'dist', '.git', 'coverage']);

/**
 * SHA-256 over names and contents of files and folders: equal as long as nothing in them changed.
 *
 * @param {readonly string[]} paths relative to the root; those that do not exist count as absent
 * @returns {Promise<string>} hex
 */
export async function fingerprint(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of await filesOf(join(root, path))) {
      hash.update(`${relative(root, file)}\0`).update(await readFile(file));
    }
  }
  return hash.digest('hex');
}

/**
 * Does the work unless its inputs are those of the last time it was done, and its outputs are still there.
 *
 * @param {{ stamp: string, inputs: readonly string[], outputs: readonly string[] }} what paths relative to the root
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>} whether it was done now
 */
export async function unlessUnchanged({ stamp, inputs, outputs }, work) {
  const now = await fingerprint(inputs);
  const file = join(root, stamp);
  const before = existsSync(file) ? await readFile(file, 'utf8') : '';
  if (before === now && outputs.every((output) => existsSync(join(root, output)))) return false;
  await work();
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, now);
  return true;
}

/** @param {string} path @returns {Promise<string[]>} sorted, so that the order of the disk does not count */
async function filesOf(path) {
  if (!existsSync(path)) return [];
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const nested = entries
    .filter((entry) => !LEFT_OUT.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => (entry.isDirectory() ? filesOf(join(path, entry.name)) : [join(path, entry.name)]));
  return (await Promise.all(nested)).flat();
}
