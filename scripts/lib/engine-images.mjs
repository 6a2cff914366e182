import { URLSearchParams } from 'node:url';
import { callEngine, callEngineJson, callEngineStream, EngineError } from './engine-http.mjs';

/**
 * @typedef {object} Image
 * @property {string} Id
 * @property {{ Labels?: Record<string, string> | null }} Config
 */

/**
 * @param {string} host
 * @param {string} reference
 * @returns {Promise<Image | undefined>} undefined when the engine does not have it
 */
export async function inspectImage(host, reference) {
  try {
    return await callEngineJson(host, `/images/${reference}/json`);
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return undefined;
    throw error;
  }
}

/**
 * Gives an image one more name.
 *
 * @param {string} host
 * @param {string} image its name or id
 * @param {string} reference as in repository:tag
 */
export async function tagImage(host, image, reference) {
  const [repo, tag] = split(reference);
  (await callEngine(host, `/images/${image}/tag?${query({ repo, tag })}`, { method: 'POST' })).resume();
}

/**
 * Takes a name away from an image, and the image with it when it was the last. One that is not there is fine.
 *
 * @param {string} host
 * @param {string} reference
 */
export async function removeImage(host, reference) {
  const gone = callEngine(host, `/images/${reference}?force=1`, { method: 'DELETE' });
  await gone.then((response) => response.resume()).catch(() => undefined);
}

/**
 * Pulls an image from its registry. A registry that does not answer is given up on soon; one that does may take long,
 * as long as it goes on.
 *
 * @param {string} host
 * @param {string} reference
 * @param {{ firstWordMs?: number, silenceMs?: number, onProgress?: (note: string) => void }} [options]
 */
export async function pullImage(host, reference, { firstWordMs = 10_000, silenceMs = 60_000, onProgress } = {}) {
  const [fromImage, tag] = split(reference);
  const patience = new AbortController();
  let timer = setTimeout(() => patience.abort(), firstWordMs);
  try {
    await callEngineStream(host, `/images/create?${query({ fromImage, tag })}`, {
      method: 'POST',
      signal: patience.signal,
      onMessage: (message) => {
        clearTimeout(timer);
        timer = setTimeout(() => patience.abort(), silenceMs);
        onProgress?.([message.id, message.status, message.progress].filter(Boolean).join(' '));
      },
    });
  } catch (error) {
    throw patience.signal.aborted ? new EngineError(`the registry of ${reference} does not answer`) : error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Makes an image of one layer from a root file system.
 *
 * @param {string} host
 * @param {string} reference
 * @param {NodeJS.ReadableStream} rootfs a tar archive
 * @param {readonly string[]} [changes] Dockerfile instructions for its settings, such as `CMD ["sh"]`
 */
export async function importImage(host, reference, rootfs, changes = []) {
  let id = '';
  await callEngineStream(host, `/images/create?${query({ fromSrc: '-', changes })}`, {
    method: 'POST',
    body: rootfs,
    onMessage: ({ status }) => (id = /\b[0-9a-f]{64}\b/.exec(status ?? '')?.[0] ?? id),
  });
  if (id === '') throw new EngineError(`the engine did not say what it made of ${reference}`);
  // Named afterwards, because Podman takes no heed of a tag given to the import.
  await tagImage(host, id, reference);
}

/**
 * Builds an image. Nothing is pulled and nothing in the build has a network.
 *
 * @param {string} host
 * @param {NodeJS.ReadableStream} context a tar archive with a Dockerfile in it
 * @param {{ tags: readonly string[], labels?: Record<string, string>, args?: Record<string, string>,
 *   onProgress?: (note: string) => void }} options
 */
export async function buildImage(host, context, { tags, labels = {}, args = {}, onProgress }) {
  const search = query({
    t: tags,
    labels: JSON.stringify(labels),
    buildargs: JSON.stringify(args),
    networkmode: 'none',
    rm: '1',
    forcerm: '1',
  });
  await callEngineStream(host, `/build?${search}`, {
    method: 'POST',
    body: context,
    onMessage: ({ stream }) => {
      if (/^Step /i.test(stream ?? '')) onProgress?.(stream.trim());
    },
  });
}

/** @param {string} reference @returns {[string, string]} repository and tag */
function split(reference) {
  const colon = reference.lastIndexOf(':');
  return [reference.slice(0, colon), reference.slice(colon + 1)];
}

/** @param {Record<string, string | readonly string[]>} values */
function query(values) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) for (const one of [value].flat()) search.append(name, one);
  return search;
}
