import { homedir } from 'node:os';
import { join } from 'node:path';
import { callEngine, callEngineJson } from './engine-http.mjs';

/**
 * @typedef {object} Engine A container engine that answers.
 * @property {true} ok
 * @property {string} host where, as in DOCKER_HOST
 * @property {string} name "Docker" or "Podman"
 * @property {string} version
 * @property {string} apiVersion of the Docker Engine API
 * @property {string} os
 * @property {string} arch
 */

/** @typedef {{ ok: false, reason: string }} NoEngine */

/**
 * Looks for a container engine: the one DOCKER_HOST names, or else the first that answers of the usual sockets of Docker
 * and Podman, with root's rights and without.
 *
 * @param {{ timeoutMs?: number }} [options] how long each may take to answer; 2 s unless told. All are asked at once.
 * @returns {Promise<Engine | NoEngine>}
 */
export async function findEngine({ timeoutMs = 2000 } = {}) {
  const hosts = process.env.DOCKER_HOST ? [process.env.DOCKER_HOST] : usualHosts();
  const answers = await Promise.all(hosts.map((host) => askEngine(host, timeoutMs)));
  const found = answers.find((answer) => answer.ok);
  if (found) return found;
  // A socket that is not there says nothing; one that is there and refuses is worth naming.
  const refusals = answers.filter((answer) => !answer.ok && !answer.reason.includes('ENOENT'));
  const reason = refusals.map((refusal) => (refusal.ok ? '' : refusal.reason)).join('; ');
  return { ok: false, reason: `no container engine answers (${reason || `asked ${hosts.join(', ')}`})` };
}

/**
 * Asks one address whether a container engine answers there.
 *
 * @param {string} host
 * @param {number} [timeoutMs]
 * @returns {Promise<Engine | NoEngine>}
 */
export async function askEngine(host, timeoutMs = 2000) {
  const request = { signal: AbortSignal.timeout(timeoutMs) };
  try {
    (await callEngine(host, '/_ping', request)).resume();
    const about = await callEngineJson(host, '/version', request);
    const name = /podman/i.test(about.Components?.[0]?.Name ?? '') ? 'Podman' : 'Docker';
    return {
      ok: true,
      host,
      name,
      version: about.Version,
      apiVersion: about.ApiVersion,
      os: about.Os,
      arch: about.Arch,
    };
  } catch (error) {
    const late = request.signal.aborted && `no answer within ${timeoutMs} ms`;
    return { ok: false, reason: `${host}: ${late || /** @type {Error} */ (error).message}` };
  }
}

/** @returns {string[]} most wanted first */
function usualHosts() {
  if (process.platform === 'win32') return ['npipe:////./pipe/docker_engine'];
  const runtime = process.env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.() ?? 0}`;
  return [
    '/var/run/docker.sock',
    join(runtime, 'docker.sock'),
    join(homedir(), '.docker/run/docker.sock'),
    '/run/podman/podman.sock',
    join(runtime, 'podman/podman.sock'),
  ].map((path) => `unix://${path}`);
}
