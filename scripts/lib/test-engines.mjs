import { callEngine, callEngineStream } from './engine-http.mjs';
import { inspectImage } from './engine-images.mjs';
import { silentLog } from './log.mjs';
import { startPodman } from './podman.mjs';
import { provisionGvisor } from './provision-gvisor.mjs';

/**
 * @typedef {object} TestEngine An engine beside the usual one on which the contract of runtimes is tested.
 * @property {string} title
 * @property {'gvisor' | 'podman'} kind
 * @property {string} host empty when there is none
 * @property {'runc' | 'gvisor'} isolation
 * @property {string | null} missing why it cannot be used
 */

/**
 * Prepares what engines the tests want beside Docker with runc: Docker with gVisor, and Podman, with the same images.
 *
 * @param {{ host: string, images: readonly string[], log?: import('./log.mjs').Log }} options the usual engine, and the
 *   images it has
 * @returns {Promise<{ engines: TestEngine[], stop: () => Promise<void> }>}
 */
export async function prepareTestEngines({ host, images, log = silentLog }) {
  const gvisor = await provisionGvisor({ host, log });
  const podman = await startPodman({ log });
  const copied = podman.ok ? await copyImages(host, podman.host, images, log) : podman;
  /** @type {TestEngine[]} */
  const engines = [
    {
      title: 'Docker with gVisor',
      kind: 'gvisor',
      host,
      isolation: 'gvisor',
      missing: gvisor.ok ? null : gvisor.reason,
    },
    {
      title: 'Podman',
      kind: 'podman',
      host: podman.ok ? podman.host : '',
      isolation: 'runc',
      missing: copied.ok ? null : copied.reason,
    },
  ];
  return { engines, stop: async () => podman.ok && (await podman.stop()) };
}

/**
 * @param {string} from
 * @param {string} to
 * @param {readonly string[]} images
 * @param {import('./log.mjs').Log} log
 * @returns {Promise<{ ok: true } | { ok: false, reason: string }>}
 */
async function copyImages(from, to, images, log) {
  const step = log.step('copy the images of the tests to Podman');
  try {
    const missing = [];
    for (const image of images) {
      const [source, copy] = [await inspectImage(from, image), await inspectImage(to, image)];
      if (bare(copy?.Id) !== bare(source?.Id)) missing.push(image);
    }
    if (missing.length > 0) {
      const names = missing.map((image) => `names=${encodeURIComponent(image)}`).join('&');
      const body = await callEngine(from, `/images/get?${names}`);
      await callEngineStream(to, '/images/load', { method: 'POST', body });
    }
    step.done(missing.length === 0 ? 'they are there' : missing.join(', '));
    return { ok: true };
  } catch (error) {
    step.fail(/** @type {Error} */ (error).message);
    return { ok: false, reason: /** @type {Error} */ (error).message };
  }
}

/** Podman's have no algorithm in front. @param {string | undefined} id */
function bare(id) {
  return id?.replace(/^sha256:/, '');
}
