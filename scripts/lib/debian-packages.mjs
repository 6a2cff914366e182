import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cachePath, withDraft } from './cache.mjs';
import { lastWords, run } from './run.mjs';

/**
 * Downloads packages with everything they depend on, as for a machine that has nothing yet. They come from the archive
 * this machine is set up for, verified by apt; nothing is installed, and no rights are needed. What was downloaded
 * earlier is used again while it is the current version.
 *
 * @template T
 * @param {string} name of the set, for the cache
 * @param {readonly string[]} wanted package names or apt patterns
 * @param {(folder: string, files: string[], options: readonly string[]) => Promise<T>} use gets the .deb files, which
 *   are gone afterwards, and the options by which apt-get found them
 * @returns {Promise<T>}
 * @throws {Error} when they cannot be had; the message says why
 */
export async function withDebianPackages(name, wanted, use) {
  const kept = cachePath(`packages-${name}`);
  return withDraft(async (draft) => {
    const archives = join(draft, 'archives');
    if (existsSync(kept)) await cp(kept, archives, { recursive: true });
    await mkdir(join(archives, 'partial'), { recursive: true });
    await writeFile(join(draft, 'status'), '');
    const options = await download(draft, archives, wanted);
    const files = (await readdir(archives)).filter((file) => file.endsWith('.deb')).sort();
    const result = await use(archives, files, options);
    await rm(kept, { recursive: true, force: true });
    // Another set-up may have been quicker, which is as good.
    await rename(archives, kept).catch(() => undefined);
    return result;
  });
}

/**
 * @param {string} draft
 * @param {string} archives
 * @param {readonly string[]} wanted
 * @returns {Promise<readonly string[]>} the options it was done with
 */
async function download(draft, archives, wanted) {
  const settings = {
    'Dir::State::status': join(draft, 'status'),
    'Dir::Cache': draft,
    'Dir::Cache::archives': archives,
    // The machine's own lists are used, and its locks left alone.
    'Debug::NoLocking': 'true',
    'APT::Sandbox::User': process.getuid?.() === 0 ? 'root' : '',
    'APT::Install-Recommends': 'false',
    'APT::Get::AutomaticRemove': 'false',
    'APT::Keep-Downloaded-Packages': 'true',
    'Acquire::Languages': 'none',
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const install = ['install', '-y', '-q', '--download-only', ...options];
  const first = await run('apt-get', [...install, ...wanted]);
  if (first.code === 0) return options;
  // Lists that are not there, or too old: fetch some of our own.
  const lists = ['-o', `Dir::State::lists=${join(draft, 'lists')}`];
  await mkdir(join(draft, 'lists', 'partial'), { recursive: true });
  await run('apt-get', ['update', '-q', ...options, ...lists]);
  const second = await run('apt-get', [...install, ...lists, ...wanted]);
  if (second.code !== 0) throw new Error(`apt-get cannot download ${wanted.join(' ')}: ${lastWords(second)}`);
  return [...options, ...lists];
}
