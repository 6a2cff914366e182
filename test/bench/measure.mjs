import autocannon from 'autocannon';
import { cpus, totalmem } from 'node:os';

/** @typedef {{ count: number, perSecond: number, p50: number, p95: number }} Figures times in milliseconds */

/**
 * Loads one URL from several connections for some seconds.
 *
 * @param {{ url: string, headers?: Record<string, string>, connections?: number, seconds?: number }} load
 * @returns {Promise<Figures>}
 * @throws {Error} when an answer was not 2xx: a figure over errors is none
 */
export async function requestsPerSecond({ url, headers = {}, connections = 16, seconds = 3 }) {
  const times = [];
  const result = await new Promise((resolve, reject) => {
    const load = autocannon({ url, headers, connections, duration: seconds }, (error, done) =>
      error ? reject(error) : resolve(done),
    );
    load.on('response', (_client, _status, _bytes, responseTime) => times.push(responseTime));
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${url}: ${result.non2xx} answers that were not 2xx, ${result.errors} errors`);
  }
  const { total } = result.requests;
  times.sort((a, b) => a - b);
  return { count: total, perSecond: total / result.duration, p50: quantile(times, 0.5), p95: quantile(times, 0.95) };
}

/**
 * Does a thing `count` times, `atOnce` at the same time.
 *
 * @param {{ count: number, atOnce: number }} how
 * @param {(index: number) => Promise<void>} work
 * @returns {Promise<Figures>}
 */
export async function timed({ count, atOnce }, work) {
  const times = [];
  let next = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) {
        const index = next++;
        const start = performance.now();
        await work(index);
        times.push(performance.now() - start);
      }
    }),
  );
  const took = performance.now() - begun;
  times.sort((a, b) => a - b);
  return { count, perSecond: (count / took) * 1000, p50: quantile(times, 0.5), p95: quantile(times, 0.95) };
}

/**
 * Runs two things by turns, so that a machine whose speed drifts treats both alike.
 *
 * @param {{ rounds: number, muster: (round: number) => Promise<Figures>, limit: (round: number) => Promise<Figures> }} pair
 * @returns {Promise<{ muster: Figures[], limit: Figures[] }>} the first round of each, a warm-up, is left out
 */
export async function byTurns({ rounds, muster, limit }) {
  const figures = { muster: [], limit: [] };
  for (let round = 0; round <= rounds; round += 1) {
    const one = await muster(round);
    const other = await limit(round);
    if (round === 0) continue;
    figures.muster.push(one);
    figures.limit.push(other);
  }
  return figures;
}

/** @param {Figures[]} rounds @param {keyof Figures} field */
export const median = (rounds, field) =>
  quantile(
    rounds.map((round) => round[field]).sort((a, b) => a - b),
    0.5,
  );

/** @param {number[]} sorted @param {number} q */
export function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export const machine = () => ({
  cpus: cpus().length,
  model: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  platform: process.platform,
});
