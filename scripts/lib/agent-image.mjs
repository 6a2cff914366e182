import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AGENT_FOLDER, agentVersion, ensureAgentBundle } from './agent-bundle.mjs';
import { ensureBaseImage } from './base-image.mjs';
import { buildImage, inspectImage, tagImage } from './engine-images.mjs';
import { silentLog } from './log.mjs';
import { tarFolder, tarStream } from './tar.mjs';

const DOCKERFILE = new URL('../../images/agent/Dockerfile', import.meta.url);
const REPOSITORY = 'muster/agent';
const BASE = 'node:24-slim';
/** Says what an image was built from, so that it is built anew only when that changed. */
const CONTENT_LABEL = 'io.muster.bundle';
const BASE_LABEL = 'io.muster.base';

/**
 * @typedef {object} AgentImage
 * @property {string} image its name, with the version
 * @property {string} latest its name without
 * @property {string} id
 * @property {boolean} built whether it had to be built now
 * @property {boolean} standIn whether its base is a stand-in made on this machine
 */

/**
 * Makes sure that the engine has the agent image of this source tree, as muster/agent:<version> and muster/agent:latest.
 *
 * @param {{ host: string, log?: import('./log.mjs').Log, bundle?: string }} options `bundle` is a folder to use instead
 *   of building agent-server's
 * @returns {Promise<AgentImage>}
 * @throws {Error} when it cannot be had; the message says why
 */
export async function ensureAgentImage({ host, log = silentLog, bundle }) {
  const version = await agentVersion();
  const image = `${REPOSITORY}:${version}`;
  const latest = `${REPOSITORY}:latest`;
  const content = await buildContext(bundle ?? (await ensureAgentBundle(log)));
  const digest = digestOf(content);
  const base = await ensureBaseImage(host, BASE, log);

  const present = await inspectImage(host, image);
  const labels = present?.Config.Labels;
  if (present && labels?.[CONTENT_LABEL] === digest && labels[BASE_LABEL] === base.id) {
    await tagImage(host, present.Id, latest);
    return { image, latest, id: present.Id, built: false, standIn: base.standIn };
  }
  const step = log.step(`build ${image}`);
  try {
    await buildImage(host, tarStream(content), {
      tags: [image, latest],
      args: { BASE_IMAGE: BASE },
      labels: { [CONTENT_LABEL]: digest, [BASE_LABEL]: base.id, 'org.opencontainers.image.version': version },
      onProgress: step.progress,
    });
  } catch (error) {
    step.fail(/** @type {Error} */ (error).message);
    throw error;
  }
  const built = await inspectImage(host, image);
  if (!built) throw new Error(`${image} was built but is not on the engine`);
  step.done(base.standIn ? `on a stand-in for ${BASE}` : undefined);
  return { image, latest, id: built.Id, built: true, standIn: base.standIn };
}

/**
 * @param {string} bundle
 * @returns {Promise<import('./tar.mjs').TarEntry[]>}
 */
async function buildContext(bundle) {
  return [
    { name: 'Dockerfile', content: await readFile(DOCKERFILE) },
    ...(await tarFolder(bundle, 'bundle/')),
    ...(await tarFolder(AGENT_FOLDER, 'Agent/')),
    { name: 'workspace/', owner: 1000 },
    { name: 'socket/', owner: 1000 },
  ];
}

/** @param {readonly import('./tar.mjs').TarEntry[]} entries */
function digestOf(entries) {
  const hash = createHash('sha256');
  for (const { name, content = '' } of entries) hash.update(`${name}\n${content.length}\n`).update(content);
  return `sha256:${hash.digest('hex')}`;
}
