import { existsSync } from 'node:fs';
import { chmod, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isDebianLike } from './apt.mjs';
import { cachePath, withDraft } from './cache.mjs';
import { withDebianPackages } from './debian-packages.mjs';
import { silentLog } from './log.mjs';
import { lastWords, run } from './run.mjs';

const PACKAGE = 'docker-registry';
const INSTALLED = '/usr/bin/docker-registry';

/**
 * Finds the program of a registry of images, for tests of what is pulled from one; where it is not installed, it is unpacked
 * from the distribution's package into the user's cache. Nothing is installed, and nothing started.
 *
 * @param {{ log?: import('./log.mjs').Log }} [options]
 * @returns {Promise<{ ok: true, program: string } | { ok: false, reason: string }>} never throws
 */
export async function findDockerRegistry({ log = silentLog } = {}) {
  const kept = cachePath(PACKAGE, PACKAGE);
  const present = [INSTALLED, kept].find((path) => existsSync(path));
  if (present) return { ok: true, program: present };
  if (!isDebianLike()) return { ok: false, reason: `${PACKAGE} is fetched for you on Debian and Ubuntu only` };
  const step = log.step(`fetch ${PACKAGE} for the tests`);
  try {
    await withDebianPackages(PACKAGE, [PACKAGE], async (folder, files) => unpack(folder, files, kept));
    step.done();
    return { ok: true, program: kept };
  } catch (error) {
    const reason = /** @type {Error} */ (error).message;
    step.fail(reason);
    return { ok: false, reason };
  }
}

/** @param {string} folder @param {readonly string[]} files @param {string} kept where the program is to be */
async function unpack(folder, files, kept) {
  const file = files.find((name) => name.startsWith(`${PACKAGE}_`));
  if (!file) throw new Error(`there is no package ${PACKAGE}`);
  await withDraft(async (draft) => {
    const unpacked = await run('dpkg-deb', ['-x', join(folder, file), draft]);
    if (unpacked.code !== 0) throw new Error(`unpacking ${PACKAGE}: ${lastWords(unpacked)}`);
    const program = join(draft, INSTALLED);
    const tried = await run(program, ['--version']);
    if (tried.code !== 0) throw new Error(`${PACKAGE} does not run here: ${lastWords(tried)}`);
    await chmod(program, 0o755);
    await mkdir(cachePath(PACKAGE), { recursive: true });
    await rename(program, kept);
  });
}
