import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrno } from '../has-errno.js';

const FILE = 'owner.pid';

/** Notes that this process has the databases of a folder, for whoever finds them in use. */
export async function noteOwner(folder: string): Promise<void> {
  await writeFile(join(folder, FILE), `${process.pid}\n`, { mode: 0o600 });
}

/**
 * Which process has the databases of a folder. To be asked only when one of them is known to be in use: what is noted
 * stays after a crash, and its number may be another process's by then.
 * @returns null when that was not noted, or is no process of this machine (but of another container's, for one)
 */
export async function ownerOf(folder: string): Promise<number | null> {
  const pid = Number(await readFile(join(folder, FILE), 'utf8').catch(() => ''));
  return Number.isInteger(pid) && pid > 0 && isAlive(pid) ? pid : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasErrno(error, 'EPERM');
  }
}
