import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDebianLike } from './apt.mjs';
import { withDraft } from './cache.mjs';
import { dockerdOf } from './dockerd-process.mjs';
import { callEngineJson } from './engine-http.mjs';
import { isAlive } from './is-alive.mjs';
import { silentLog } from './log.mjs';
import { lastWords, run } from './run.mjs';

/** By which engines know gVisor, and Muster asks for it. */
const RUNTIME = 'runsc';
/** Where any user may run it from: gVisor's own processes are nobody's. */
const PROGRAM = '/usr/local/lib/muster/runsc';
/**
 * Bookworm's is too old: containers do not start under it. That of sid is built with Go 1.26, whose goroutines gVisor of 2024
 * cannot tell apart: its sandboxes end with exit code 2 now and then ("panic: running on goroutine").
 */
const SUITE = 'trixie';
/** Agents have no network; they listen on sockets in folders of the host. */
const RUNTIME_ARGS = ['--network=none', '--host-uds=all'];
const RELOAD_MS = 10_000;

/** @typedef {{ ok: true } | { ok: false, reason: string }} Outcome */

/**
 * Makes sure that a Docker engine knows gVisor. Where it does not, and we are root on a Debian-like machine on which its daemon
 * runs, runsc is fetched from Debian, put beside the system's own programs, and written into the daemon's
 * configuration, which the daemon then reads again: it is not restarted, and its containers go on. MUSTER_NO_PROVISION=1
 * forbids that.
 *
 * @param {{ host: string, log?: import('./log.mjs').Log }} options
 * @returns {Promise<Outcome>} never throws
 */
export async function provisionGvisor({ host, log = silentLog }) {
  try {
    if (await isRegistered(host)) return { ok: true };
    const dockerd = dockerdOf(host);
    const obstacle = whyNot(dockerd);
    if (obstacle || !dockerd) return { ok: false, reason: `the engine has no ${RUNTIME}; ${obstacle}` };
    if (!existsSync(PROGRAM)) await logged(log, `install gVisor from Debian ${SUITE}`, fetchRunsc);
    const label = `register gVisor in ${dockerd.configFile} (MUSTER_NO_PROVISION=1 to go without)`;
    await logged(log, label, () => register(host, dockerd));
    return { ok: true };
  } catch (error) {
    return { ok: false, reason: /** @type {Error} */ (error).message };
  }
}

/** @param {import('./dockerd-process.mjs').DockerdProcess | undefined} dockerd */
function whyNot(dockerd) {
  if (process.env.MUSTER_NO_PROVISION === '1') return 'MUSTER_NO_PROVISION=1 forbids installing it';
  if (!isDebianLike()) return 'it is installed for you on Debian and Ubuntu only';
  if (process.getuid?.() !== 0) return 'only root can install it';
  if (!dockerd) return 'the daemon of the engine does not run on this machine, or is none of Docker';
  return undefined;
}

/** @param {string} host */
async function isRegistered(host) {
  const { Runtimes = {}, BuildahVersion } = await callEngineJson(host, '/info', { timeoutMs: 5_000 });
  // Podman lists what it would look for, installed or not.
  return BuildahVersion === undefined && RUNTIME in Runtimes;
}

/** @param {import('./log.mjs').Log} log @param {string} label @param {() => Promise<string | void>} work */
async function logged(log, label, work) {
  const step = log.step(label);
  try {
    step.done((await work()) ?? undefined);
  } catch (error) {
    step.fail(/** @type {Error} */ (error).message);
    throw error;
  }
}

/** @returns {Promise<string>} the version */
async function fetchRunsc() {
  // Needs what `npm run build` makes, so it is not loaded by scripts that do without.
  const { AptArchive } = await import('@muster/documentdb-server');
  return withDraft(async (draft) => {
    const archive = await AptArchive.open(join(draft, 'apt'), SUITE).catch((error) => {
      throw new Error(`Debian ${SUITE} cannot be had here (${error.obstacle ?? error.message})`);
    });
    const version = await archive.version('runsc');
    const file = (await archive.download(['runsc'], ['libc6'])).find((path) => path.includes('/runsc_'));
    const unpacked = await run('dpkg-deb', ['-x', file ?? '', join(draft, 'root')]);
    if (unpacked.code !== 0) throw new Error(`unpacking runsc: ${lastWords(unpacked)}`);
    const program = join(draft, 'root/usr/bin/runsc');
    const tried = await run(program, ['--version']);
    if (tried.code !== 0) throw new Error(`runsc ${version} does not run here: ${lastWords(tried)}`);
    await mkdir(dirname(PROGRAM), { recursive: true });
    const copied = await run('cp', [program, `${PROGRAM}.new`]);
    if (copied.code !== 0) throw new Error(lastWords(copied));
    await chmod(`${PROGRAM}.new`, 0o755);
    await rename(`${PROGRAM}.new`, PROGRAM);
    return version;
  });
}

/**
 * Adds the runtime to what the daemon's configuration says, and takes it out again when the daemon does not take it.
 *
 * @param {string} host
 * @param {import('./dockerd-process.mjs').DockerdProcess} dockerd
 */
async function register(host, { pid, configFile }) {
  const before = await readFile(configFile, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const config = parse(before ?? '{}', configFile);
  const runtimes = { [RUNTIME]: { path: PROGRAM, runtimeArgs: RUNTIME_ARGS }, ...config.runtimes };
  await replace(configFile, `${JSON.stringify({ ...config, runtimes }, undefined, 2)}\n`);
  try {
    process.kill(pid, 'SIGHUP');
    for (const deadline = Date.now() + RELOAD_MS; Date.now() < deadline; await sleep(100)) {
      if (await isRegistered(host)) return;
    }
    throw new Error(`dockerd did not take ${configFile}; it is as it was, and dockerd's log says why`);
  } catch (error) {
    await (before === undefined ? rm(configFile, { force: true }) : replace(configFile, before));
    if (isAlive(pid)) process.kill(pid, 'SIGHUP');
    throw error;
  }
}

/** @param {string} text @param {string} path */
function parse(text, path) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${path} is no JSON, so it is left alone`);
  }
}

/** Whole or not at all. @param {string} path @param {string} content */
async function replace(path, content) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}
