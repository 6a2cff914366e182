import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A process as the host shows it. */
export interface ProcessSight {
  /** When it began, in the host's own terms: a pid with another birth is another process. */
  readonly birth: string;
  readonly state: 'running' | 'stopped';
}

const run = promisify(execFile);

/** null when there is none, or only what is left of one until its parent takes notice (a zombie). */
export async function seeProcess(pid: number): Promise<ProcessSight | null> {
  return process.platform === 'linux' ? seeOnLinux(pid) : seeByPs(pid);
}

/** True when this very process is still there. */
export async function isAlive(known: { pid: number; birth: string }): Promise<boolean> {
  return (await seeProcess(known.pid))?.birth === known.birth;
}

/** proc(5): the name in parentheses may hold anything, so the fields are counted from the last one. */
async function seeOnLinux(pid: number): Promise<ProcessSight | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ticks] = [fields[0], fields[19]];
  if (state === undefined || ticks === undefined || state === 'Z' || state === 'X') return null;
  // Ticks count from the boot: without its id a pid of before a reboot could be taken for one of after it.
  return { birth: `${await bootId()}:${ticks}`, state: state === 'T' ? 'stopped' : 'running' };
}

let boot: Promise<string> | undefined;

function bootId(): Promise<string> {
  boot ??= readFile('/proc/sys/kernel/random/boot_id', 'latin1').then(
    (id) => id.trim(),
    () => 'unknown',
  );
  return boot;
}

async function seeByPs(pid: number): Promise<ProcessSight | null> {
  const shown = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env: { LC_ALL: 'C' } }).catch(() => null);
  const match = /^\s*(\S+)\s+(.*\S)\s*$/m.exec(shown?.stdout ?? '');
  const [, state, birth] = match ?? [];
  if (state === undefined || birth === undefined || state.startsWith('Z')) return null;
  return { birth, state: state.startsWith('T') ? 'stopped' : 'running' };
}
