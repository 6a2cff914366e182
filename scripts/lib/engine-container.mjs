import { text } from 'node:stream/consumers';
import { callEngine, callEngineJson } from './engine-http.mjs';

/** Marks what a set-up that was killed could not remove any more, so that a later one does. */
const LABEL = 'io.muster.set-up';

/**
 * Runs a command in a new container without a network, to its end.
 *
 * @template T
 * @param {string} host
 * @param {object} options
 * @param {string} options.image
 * @param {readonly string[]} options.command instead of the image's own
 * @param {object} [options.config] more of the engine's container settings
 * @param {object} [options.hostConfig] more of the engine's host settings
 * @param {(container: { exitCode: number, output: string, id: string }) => T | Promise<T>} then is called before the
 *   container is removed
 * @returns {Promise<T>}
 */
export async function inContainer(host, { image, command, config = {}, hostConfig = {} }, then) {
  await removeForgotten(host);
  const { Id: id } = await callEngineJson(host, '/containers/create', {
    method: 'POST',
    body: {
      Image: image,
      Entrypoint: command,
      // One stream without frames around its pieces.
      Tty: true,
      Labels: { [LABEL]: '1' },
      ...config,
      HostConfig: { NetworkMode: 'none', ...hostConfig },
    },
  });
  try {
    (await callEngine(host, `/containers/${id}/start`, { method: 'POST' })).resume();
    const { StatusCode: exitCode } = await callEngineJson(host, `/containers/${id}/wait`, { method: 'POST' });
    const output = await text(await callEngine(host, `/containers/${id}/logs?stdout=1&stderr=1`));
    return await then({ exitCode, output, id });
  } finally {
    const removed = callEngine(host, `/containers/${id}?force=1&v=1`, { method: 'DELETE' });
    await removed.then((response) => response.resume()).catch(() => undefined);
  }
}

/** @param {string} host */
async function removeForgotten(host) {
  const filters = encodeURIComponent(JSON.stringify({ label: [LABEL], until: ['1h'] }));
  const pruned = callEngine(host, `/containers/prune?filters=${filters}`, { method: 'POST' });
  await pruned.then((response) => response.resume()).catch(() => undefined);
}
