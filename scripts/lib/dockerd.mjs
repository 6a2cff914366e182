import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askEngine } from './engine.mjs';
import { run } from './run.mjs';

const HOST = 'unix:///var/run/docker.sock';
const PID_FILE = '/var/run/docker.pid';
/** Files by which dockerd would take another process, or nothing at all, for its containerd and then wait in vain. */
const CONTAINERD_PID_FILE = '/var/run/docker/containerd/containerd.pid';
const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';
/** Debian keeps it in sbin, which is not in everybody's PATH. */
const PLACES = ['/usr/sbin/dockerd', '/usr/bin/dockerd', '/usr/local/bin/dockerd', '/usr/local/sbin/dockerd'];

/** @returns {string | undefined} where the Docker daemon is installed */
export function installedDockerd() {
  return PLACES.find((path) => existsSync(path));
}

/**
 * Starts the installed Docker daemon so that it outlives this process, and waits until it answers: as a service where
 * systemd runs, else in a session of its own with its output in a file.
 *
 * @param {{ timeoutMs?: number }} [options]
 * @returns {Promise<{ ok: true, host: string, stop: string, logFile?: string } | { ok: false, reason: string }>}
 *   `stop` is the command that ends it
 */
export async function startDockerd({ timeoutMs = 45_000 } = {}) {
  const program = installedDockerd();
  if (!program) return { ok: false, reason: 'dockerd is not installed' };
  if (existsSync('/run/systemd/system')) {
    await run('systemctl', ['start', 'docker'], { timeoutMs });
    const answer = await askEngine(HOST);
    if (answer.ok) return { ok: true, host: HOST, stop: 'systemctl stop docker' };
    return { ok: false, reason: `systemctl start docker: ${answer.reason}` };
  }
  await removeLeftovers();
  const logFile = logPath();
  const child = running(PID_FILE, 'dockerd') ? undefined : detach(program, logFile);
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if ((await askEngine(HOST)).ok) return { ok: true, host: HOST, stop: `kill $(cat ${PID_FILE})`, logFile };
    // One that ends at once may have lost a race against another set-up, whose daemon is then about to answer.
    if (child?.ended && !running(PID_FILE, 'dockerd')) break;
    await sleep(100);
  }
  return { ok: false, reason: `dockerd does not answer: ${lastComplaint(logFile)} (all of it: ${logFile})` };
}

/** @param {string} program @param {string} logFile */
function detach(program, logFile) {
  const log = openSync(logFile, 'a');
  const child = spawn(program, [], { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  const state = { ended: false };
  const end = () => (state.ended = true);
  child.once('error', end).once('exit', end);
  child.unref();
  return state;
}

/** Takes away what a daemon that was killed left behind, and only that. */
async function removeLeftovers() {
  if (!running(PID_FILE, 'dockerd')) rmSync(PID_FILE, { force: true });
  if (!running(CONTAINERD_PID_FILE, 'containerd')) rmSync(CONTAINERD_PID_FILE, { force: true });
  if (existsSync(CONTAINERD_SOCKET) && !(await listens(CONTAINERD_SOCKET))) rmSync(CONTAINERD_SOCKET, { force: true });
}

/**
 * @param {string} pidFile
 * @param {string} program
 * @returns {boolean} whether the process of that number is that program; numbers are used again
 */
function running(pidFile, program) {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').trim());
    return basename(readlinkSync(`/proc/${pid}/exe`)).startsWith(program);
  } catch {
    return false;
  }
}

/** @param {string} path @returns {Promise<boolean>} */
function listens(path) {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function logPath() {
  return join(existsSync('/var/log') ? '/var/log' : tmpdir(), 'muster-dockerd.log');
}

/** @param {string} logFile */
function lastComplaint(logFile) {
  try {
    const lines = readFileSync(logFile, 'utf8').trim().split('\n');
    return lines.findLast((line) => /level=(error|fatal)|failed/.test(line)) ?? lines.at(-1) ?? 'it said nothing';
  } catch {
    return 'it said nothing';
  }
}
