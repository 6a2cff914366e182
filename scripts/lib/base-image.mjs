import { inspectImage, pullImage } from './engine-images.mjs';
import { makeStandIn, STAND_IN_LABEL } from './stand-in-base.mjs';

/**
 * Makes sure that the engine has the image that Dockerfiles here start from: pulled from its registry or, where none
 * answers, a stand-in made on this machine.
 *
 * @param {string} host
 * @param {string} reference
 * @param {import('./log.mjs').Log} log
 * @returns {Promise<{ id: string, standIn: boolean }>}
 * @throws {Error} when it can be had neither way
 */
export async function ensureBaseImage(host, reference, log) {
  const present = await described(host, reference);
  if (present) return present;
  const pull = log.step(`pull ${reference}`);
  try {
    await pullImage(host, reference, { onProgress: pull.progress });
    pull.done();
  } catch (error) {
    pull.skip(/** @type {Error} */ (error).message);
    await standIn(host, reference, log);
  }
  const made = await described(host, reference);
  if (!made) throw new Error(`${reference} is not on the engine`);
  return made;
}

/**
 * @param {string} host
 * @param {string} reference
 * @param {import('./log.mjs').Log} log
 */
async function standIn(host, reference, log) {
  const step = log.step(`make a stand-in for ${reference} from distribution packages`);
  try {
    await makeStandIn({ host, reference, onProgress: step.progress });
    step.done();
  } catch (error) {
    step.fail(/** @type {Error} */ (error).message);
    throw error;
  }
}

/** @param {string} host @param {string} reference */
async function described(host, reference) {
  const image = await inspectImage(host, reference);
  return image && { id: image.Id, standIn: image.Config.Labels?.[STAND_IN_LABEL] === '1' };
}
