import { aptInstall, isDebianLike } from './apt.mjs';
import { installedDockerd, startDockerd } from './dockerd.mjs';
import { askEngine, findEngine } from './engine.mjs';
import { silentLog } from './log.mjs';

/** @typedef {import('./engine.mjs').Engine} Engine */
/** @typedef {import('./engine.mjs').NoEngine} NoEngine */

/**
 * Finds a container engine, or, on a Debian-like machine where we are root, installs and starts one: Docker from the
 * distribution's own archive. MUSTER_NO_PROVISION=1 forbids that.
 *
 * @param {{ log?: import('./log.mjs').Log }} [options]
 * @returns {Promise<(Engine & { provisioned: boolean }) | NoEngine>} never throws: where there is none, the reason says why
 */
export async function provisionEngine({ log = silentLog } = {}) {
  try {
    const found = await findEngine();
    if (found.ok) return { ...found, provisioned: false };
    const obstacle = whyNot(found.reason);
    if (obstacle) return { ok: false, reason: `${found.reason}; ${obstacle}` };
    return await provision(log);
  } catch (error) {
    return { ok: false, reason: /** @type {Error} */ (error).message };
  }
}

/**
 * @param {string} found why no engine was found
 * @returns {string | undefined} what keeps us from installing one
 */
function whyNot(found) {
  if (process.env.MUSTER_NO_PROVISION === '1') return 'MUSTER_NO_PROVISION=1 forbids installing one';
  if (process.env.DOCKER_HOST) return 'DOCKER_HOST names the engine to use, so none is installed';
  if (process.platform !== 'linux' || (!installedDockerd() && !isDebianLike())) {
    return 'install Docker or Podman to have one (it is done for you on Debian and Ubuntu only)';
  }
  if (found.includes('EACCES'))
    return 'this user may not use it: join the group that owns the socket, or run this as root';
  if (process.getuid?.() !== 0) return 'only root can install one: install Docker or Podman, or run this as root';
  return undefined;
}

/**
 * @param {import('./log.mjs').Log} log
 * @returns {Promise<(Engine & { provisioned: boolean }) | NoEngine>}
 */
async function provision(log) {
  if (!installedDockerd()) {
    const step = log.step('install docker.io (MUSTER_NO_PROVISION=1 to go without)');
    const installed = await aptInstall(['docker.io', 'iptables', 'ca-certificates'], step.progress);
    if (!installed.ok) {
      step.fail(installed.reason);
      return installed;
    }
    step.done();
  }
  const step = log.step('start dockerd');
  const started = await startDockerd();
  if (!started.ok) {
    step.fail(started.reason);
    return started;
  }
  step.done();
  log.info(`dockerd keeps running in the background; stop it with: ${started.stop}`);
  if (started.logFile) log.info(`its log: ${started.logFile}`);
  const engine = await askEngine(started.host);
  return engine.ok ? { ...engine, provisioned: true } : engine;
}
