import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromRoot } from './paths.mjs';
import { isAlive } from './is-alive.mjs';

/** In DATA_DIR while a guard ends what was left there: the guard's process id. */
export const ENDING = 'ending.pid';
const LONGEST_END_MS = 60_000;

/**
 * @typedef {object} Guard A process that ends another when this one dies without doing so.
 * @property {(team: { url: string, key: string, projectId: string }) => void} stopFirst whose agents it stops before
 * @property {() => void} dismiss there is nothing left to watch
 */

/**
 * @param {object} watched
 * @param {number} watched.pid
 * @param {string} [watched.dataDir] where it notes that it is ending it
 * @param {number} [logFd] open file for what it says
 * @returns {Guard}
 */
export function startGuard(watched, logFd) {
  const log = logFd ?? 'ignore';
  const child = spawn(process.execPath, [fromRoot('scripts/lib/guard-program.mjs')], {
    stdio: ['pipe', log, log],
    // What ends this process (Ctrl-C, a closed terminal) must not end its guard.
    detached: true,
  });
  // A guard that cannot be had, or was killed, is missed only if this process is killed too.
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  /** @type {any} */ (child.stdin).unref();
  const tell = (/** @type {object} */ what) => child.stdin.write(`${JSON.stringify(what)}\n`);
  tell(watched);
  return {
    stopFirst: (team) => void tell({ team }),
    dismiss: () => void tell({ dismissed: true }),
  };
}

/**
 * Waits for a guard that is still ending what an earlier script left on a data folder.
 *
 * @param {string} dataDir
 * @param {() => void} onWaiting called when there is one
 */
export async function untilEnded(dataDir, onWaiting) {
  const deadline = Date.now() + LONGEST_END_MS;
  const guard = async () => Number(await readFile(join(dataDir, ENDING), 'utf8').catch(() => 0));
  while (isAlive(await guard()) && Date.now() < deadline) {
    onWaiting();
    await sleep(100);
  }
}
