import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLUSTER, SOCKETS } from './cluster.js';

const GRACE_MS = 3000;
const POLL_MS = 20;

/**
 * Ends PostgreSQL processes that a killed owner left on this data folder. Call it with the folder's lock held.
 *
 * Only the lock's holder may run a server here, so whatever still has the cluster's folder as its working folder is an orphan. It has
 * usually been told to shut down by the kernel already, so it gets a moment; then it is killed, which loses nothing
 * that was committed. Only when none is left may PostgreSQL's own lock files go: they are what keeps it from starting twice, but they
 * name a process id, which by now may be a zombie's or a stranger's.
 */
export async function endOrphans(dataDir: string): Promise<void> {
  const cluster = join(dataDir, CLUSTER);
  const deadline = Date.now() + GRACE_MS;
  for (let pids = await processesIn(cluster); pids.length > 0; pids = await processesIn(cluster)) {
    if (Date.now() > deadline) for (const pid of pids) kill(pid);
    await sleep(POLL_MS);
  }
  await rm(join(cluster, 'postmaster.pid'), { force: true });
  await rm(join(dataDir, SOCKETS), { recursive: true, force: true });
}

/** Processes whose working folder is `folder`, by device and inode, because paths differ between mount namespaces. */
export async function processesIn(folder: string): Promise<number[]> {
  const wanted = await stat(folder).catch(() => undefined);
  if (!wanted) return [];
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const cwd = await stat(`/proc/${name}/cwd`).catch(() => undefined);
    if (cwd?.ino === wanted.ino && cwd.dev === wanted.dev) found.push(Number(name));
  }
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in between.
  }
}
