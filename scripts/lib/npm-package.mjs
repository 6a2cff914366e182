import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lastWords, run } from './run.mjs';

/**
 * Fetches a package from the registry npm is set up for, or from npm's cache, without running anything of it.
 *
 * @param {string} spec such as npm@11
 * @param {string} folder where its content is put
 * @param {readonly string[]} [only] the files and folders that are wanted, when not all of them
 * @throws {Error} when it cannot be had; the message says why
 */
export async function fetchNpmPackage(spec, folder, only = []) {
  await mkdir(folder, { recursive: true });
  // From that folder, so that no project's settings apply.
  const packed = await run('npm', ['pack', spec, '--silent'], { cwd: folder });
  const file = packed.stdout.trim().split('\n').at(-1);
  if (packed.code !== 0 || !file) throw new Error(`npm pack ${spec}: ${lastWords(packed)}`);
  const wanted = only.map((path) => `package/${path}`);
  const unpacked = await run('tar', ['-xzf', join(folder, file), '-C', folder, ...wanted]);
  if (unpacked.code !== 0) throw new Error(`unpacking ${file}: ${lastWords(unpacked)}`);
}
