import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** All processes under one, children before their children. */
export async function descendantsOf(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const pid of await allProcesses()) {
    const status = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
    const [state, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ');
    if (parent !== undefined && state !== 'Z') parents.set(pid, Number(parent));
  }
  const found: number[] = [];
  for (let level = [root]; level.length > 0;) {
    level = [...parents].filter(([, parent]) => level.includes(parent)).map(([pid]) => pid);
    found.push(...level);
  }
  return found;
}

/** Kills until none is left; those that are born in between, too. */
export async function killAll(list: () => Promise<number[]>): Promise<void> {
  for (let pids = await list(); pids.length > 0; pids = await list()) {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended with the one before.
      }
    }
    await sleep(20);
  }
}

/** Processes that work in a data folder: PostgreSQL's in its cluster, the gateway in the folder itself. */
export async function processesUsing(dataDir: string): Promise<number[]> {
  const folders = (
    await Promise.all([dataDir, join(dataDir, 'postgres')].map(async (path) => stat(path).catch(() => undefined)))
  ).filter((found) => found !== undefined);
  const using: number[] = [];
  for (const pid of await allProcesses()) {
    const folder = await stat(`/proc/${String(pid)}/cwd`).catch(() => undefined);
    const at = await readlink(`/proc/${String(pid)}/cwd`).catch(() => '');
    if (folder && at !== '' && folders.some((known) => known.ino === folder.ino && known.dev === folder.dev))
      using.push(pid);
  }
  return using;
}

/** Waits until a list is empty; the test's own time limit is the limit. */
export async function untilGone(list: () => Promise<unknown[]>): Promise<void> {
  while ((await list()).length > 0) await sleep(20);
}

async function allProcesses(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}
