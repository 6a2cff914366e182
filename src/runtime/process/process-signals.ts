import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { isAlive, seeProcess } from './process-identity.js';
import type { StartedProcess } from './process-record.js';

const LOOK_EVERY_MS = 10;
/** A killed process is gone at once, but for one that waits for a disk. */
const KILL_TIMEOUT_MS = 5000;
const PAUSE_TIMEOUT_MS = 1000;

/**
 * Ends a process and all that it started: SIGTERM, then after the grace period SIGKILL for the whole group.
 * @throws RuntimeError stop-failed
 */
export async function endProcess(known: StartedProcess, gracePeriodMs: number): Promise<void> {
  if (await isAlive(known)) {
    if (gracePeriodMs > 0) {
      signalGroup(known.pid, 'SIGTERM');
      signalGroup(known.pid, 'SIGCONT'); // a paused one would take no notice
      if (await isGoneWithin(known, gracePeriodMs)) return;
    }
    signalGroup(known.pid, 'SIGKILL');
    if (await isGoneWithin(known, KILL_TIMEOUT_MS)) return;
    throw new RuntimeError('stop-failed', `Process ${known.pid} does not end, not even by SIGKILL.`);
  }
}

/** Stops or continues a process and all that it started, and waits until that shows. */
export async function setPaused(known: StartedProcess, paused: boolean): Promise<void> {
  signalGroup(known.pid, paused ? 'SIGSTOP' : 'SIGCONT');
  const wanted = paused ? 'stopped' : 'running';
  const until = performance.now() + PAUSE_TIMEOUT_MS;
  while (performance.now() < until) {
    const sight = await seeProcess(known.pid);
    if (sight === null || sight.state === wanted) return;
    await delay(LOOK_EVERY_MS);
  }
}

async function isGoneWithin(known: StartedProcess, ms: number): Promise<boolean> {
  const until = performance.now() + ms;
  while (performance.now() < until) {
    if (!(await isAlive(known))) return true;
    await delay(LOOK_EVERY_MS);
  }
  return !(await isAlive(known));
}

/** The child leads its own group, so nothing of Muster's is in it. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
