import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cachePath, makeOnce } from './cache.mjs';
import { lastWords, run } from './run.mjs';

/**
 * Fetches a package from the registry npm is set up for, and keeps it unpacked in the user's cache.
 *
 * @param {string} spec such as npm@11
 * @param {readonly string[]} [only] the files and folders that are wanted, when not all of them
 * @returns {Promise<string>} the folder with the package's content
 * @throws {Error} when it cannot be had; the message says why
 */
export function fetchNpmPackage(spec, only = []) {
  return makeOnce(cachePath('npm', spec.replaceAll('/', '+')), async (draft) => {
    // From the draft, so that no project's settings apply.
    const packed = await run('npm', ['pack', spec, '--silent', '--pack-destination', draft], { cwd: draft });
    const file = packed.stdout.trim().split('\n').at(-1);
    if (packed.code !== 0 || !file) throw new Error(`npm pack ${spec}: ${lastWords(packed)}`);
    const wanted = only.map((path) => `package/${path}`);
    const unpacked = await run('tar', ['-xzf', join(draft, file), '-C', draft, '--strip-components=1', ...wanted]);
    if (unpacked.code !== 0) throw new Error(`unpacking ${file}: ${lastWords(unpacked)}`);
    await rm(join(draft, file));
  });
}
