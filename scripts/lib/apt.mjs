import { readFileSync } from 'node:fs';
import { lastWords, run } from './run.mjs';

/** Nobody is there to answer a question. The lock may be held by another set-up, so it is waited for. */
const QUIET = ['-y', '-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Use-Pty=0'];
const ENV = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };

/**
 * @returns {boolean} whether this machine takes its software from a Debian-like archive
 */
export function isDebianLike() {
  try {
    const release = readFileSync('/etc/os-release', 'utf8');
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
  } catch {
    return false;
  }
}

/**
 * Installs packages from the archive the machine is set up for. The package lists are fetched anew only when the
 * installation does not succeed with those at hand.
 *
 * @param {readonly string[]} packages
 * @param {(note: string) => void} [onProgress]
 * @returns {Promise<{ ok: true } | { ok: false, reason: string }>}
 */
export async function aptInstall(packages, onProgress) {
  const onLine = (/** @type {string} */ line) => {
    if (/^(Get:|Unpacking|Setting up)/.test(line)) onProgress?.(line);
  };
  const install = () =>
    run('apt-get', ['install', ...QUIET, '--no-install-recommends', ...packages], { env: ENV, onLine });
  const first = await install();
  if (first.code === 0) return { ok: true };
  onProgress?.('fetching package lists');
  const update = await run('apt-get', ['update', ...QUIET], { env: ENV });
  const second = await install();
  if (second.code === 0) return { ok: true };
  const reason = lastWords(update.code === 0 ? second : update);
  return { ok: false, reason: `apt-get install ${packages.join(' ')}: ${reason}` };
}
