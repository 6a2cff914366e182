import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { aptInstall, isDebianLike } from './apt.mjs';
import { cachePath } from './cache.mjs';
import { askEngine } from './engine.mjs';
import { silentLog } from './log.mjs';

const PLACES = ['/usr/bin/podman', '/usr/local/bin/podman'];
/** A service that nobody calls for so long ends by itself, should the script that started it be killed. */
const IDLE_SECONDS = 3600;
const START_MS = 45_000;

/**
 * Settings that work where Muster's tests do: also as a root who may not raise limits, and with cgroups of both versions
 * at once, which crun refuses.
 */
const SETTINGS = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

/**
 * Starts Podman's service with settings, images and containers of its own, apart from those of the machine's; where there is
 * no Podman, it is installed from the distribution's archive, if we are root on a Debian-like machine. MUSTER_NO_PROVISION=1
 * forbids that.
 *
 * @param {{ log?: import('./log.mjs').Log }} [options]
 * @returns {Promise<{ ok: true, host: string, version: string, stop: () => Promise<void> } | { ok: false, reason: string }>}
 *   never throws
 */
export async function startPodman({ log = silentLog } = {}) {
  try {
    const installed = await install(log);
    if (!installed.ok) return installed;
    return await start(log, installed.program);
  } catch (error) {
    return { ok: false, reason: /** @type {Error} */ (error).message };
  }
}

/** @param {import('./log.mjs').Log} log @returns {Promise<{ ok: true, program: string } | { ok: false, reason: string }>} */
async function install(log) {
  if (process.getuid?.() !== 0) return { ok: false, reason: 'only root can run Podman as the tests want it' };
  const present = PLACES.find((path) => existsSync(path));
  if (present) return { ok: true, program: present };
  const obstacle = whyNot();
  if (obstacle) return { ok: false, reason: `Podman is not installed; ${obstacle}` };
  const step = log.step('install podman (MUSTER_NO_PROVISION=1 to go without)');
  const installed = await aptInstall(['podman', 'runc'], step.progress);
  if (!installed.ok) {
    step.fail(installed.reason);
    return installed;
  }
  step.done();
  return { ok: true, program: PLACES[0] };
}

function whyNot() {
  if (process.env.MUSTER_NO_PROVISION === '1') return 'MUSTER_NO_PROVISION=1 forbids installing it';
  if (!isDebianLike()) return 'it is installed for you on Debian and Ubuntu only';
  return undefined;
}

/** @param {import('./log.mjs').Log} log @param {string} program */
async function start(log, program) {
  const step = log.step("start Podman's service");
  const folder = await mkdtemp(join(tmpdir(), 'muster-podman-'));
  const [socket, settings, logFile] = ['podman.sock', 'containers.conf', 'log'].map((name) => join(folder, name));
  await writeFile(settings, SETTINGS);
  const places = [
    '--root',
    cachePath('podman'),
    '--runroot',
    '/run/muster-podman',
    '--tmpdir',
    '/run/muster-podman/tmp',
  ];
  await mkdir('/run/muster-podman/tmp', { recursive: true, mode: 0o700 });
  const output = openSync(logFile, 'a');
  const args = [...places, 'system', 'service', `--time=${IDLE_SECONDS}`, `unix://${socket}`];
  const env = { ...process.env, CONTAINERS_CONF: settings };
  const child = spawn(program, args, { stdio: ['ignore', output, output], env, cwd: '/' });
  closeSync(output);
  const ended = once(child, 'close').catch(() => undefined);
  const stop = async () => {
    // Waiting for it has to keep this process alive: Node ends with exit code 13 when it waits for nothing that can come.
    child.ref();
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + START_MS; Date.now() < deadline && child.exitCode === null; await sleep(100)) {
    const answer = existsSync(socket) && (await askEngine(`unix://${socket}`));
    if (!answer || !answer.ok) continue;
    child.unref();
    step.done(answer.version);
    return { ok: /** @type {const} */ (true), host: answer.host, version: answer.version, stop };
  }
  const reason = `its service does not answer: ${(await readFile(logFile, 'utf8')).trim().split('\n').at(-1)}`;
  await stop();
  step.fail(reason);
  return { ok: /** @type {const} */ (false), reason };
}
