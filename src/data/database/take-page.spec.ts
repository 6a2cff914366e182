import { describe, expect, it } from '@jest/globals';
import { takePage } from './take-page.js';

const MIB = 1024 * 1024;

/** Documents of these weights, and how many of them were read. */
function documents(...weights: number[]): { found: AsyncIterable<number>; read: () => number } {
  let count = 0;
  async function* each(): AsyncGenerator<number> {
    for (const weight of weights) {
      count += 1;
      yield await Promise.resolve(weight);
    }
  }
  return { found: each(), read: () => count };
}

const weigh = (weight: number): number => weight;

describe('taking a page', () => {
  it('takes as many as were asked for, and says whether others follow', async () => {
    expect(await takePage(documents(1, 2, 3).found, 2, weigh)).toEqual({ records: [1, 2], more: true });
    expect(await takePage(documents(1, 2).found, 2, weigh)).toEqual({ records: [1, 2], more: false });
    expect(await takePage(documents().found, 2, weigh)).toEqual({ records: [], more: false });
  });

  it('ends the page before it weighs too much, and reads no further', async () => {
    const { found, read } = documents(3 * MIB, 3 * MIB, 3 * MIB, 3 * MIB, 3 * MIB);
    expect(await takePage(found, 200, weigh)).toEqual({ records: [3 * MIB, 3 * MIB], more: true });
    expect(read()).toBe(3);
  });

  it('gives one document in any case, so that paging goes on', async () => {
    expect(await takePage(documents(20 * MIB, 1).found, 200, weigh)).toEqual({ records: [20 * MIB], more: true });
  });
});
