import { readFileSync } from 'node:fs';

/**
 * @param {number} pid
 * @returns {boolean} whether a process of that number runs, whoever's
 */
export function isAlive(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** One that ended, in a container whose first process waits for none, stays on the list. @param {number} pid */
function isZombie(pid) {
  try {
    return /\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // Another system, or it went just now.
    return false;
  }
}
