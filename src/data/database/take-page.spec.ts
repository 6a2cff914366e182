import { describe, expect, it } from '@jest/globals';
import { takePage, type Batches } from './take-page.js';

const MIB = 1024 * 1024;

/** Documents of these weights in batches of two, and how many batches were read. */
function documents(...weights: number[]): { found: Batches<number>; read: () => number; closed: () => boolean } {
  let buffered: number[] = [];
  let read = 0;
  let closed = false;
  const found = {
    hasNext: async () => {
      if (buffered.length === 0 && weights.length > 0) {
        buffered = weights.splice(0, 2);
        read += 1;
      }
      return Promise.resolve(buffered.length > 0);
    },
    readBufferedDocuments: () => buffered.splice(0),
    close: async () => {
      closed = true;
      return Promise.resolve();
    },
  };
  return { found, read: () => read, closed: () => closed };
}

const weigh = (weight: number): number => weight;

describe('taking a page', () => {
  it('takes as many as were asked for, and says whether others follow', async () => {
    expect(await takePage(documents(1, 2, 3).found, 2, weigh)).toEqual({ records: [1, 2], more: true });
    expect(await takePage(documents(1, 2).found, 2, weigh)).toEqual({ records: [1, 2], more: false });
    expect(await takePage(documents().found, 2, weigh)).toEqual({ records: [], more: false });
  });

  it('ends the page before it weighs too much, and reads no further', async () => {
    const { found, read, closed } = documents(3 * MIB, 3 * MIB, 3 * MIB, 3 * MIB, 3 * MIB);
    expect(await takePage(found, 200, weigh)).toEqual({ records: [3 * MIB, 3 * MIB], more: true });
    expect([read(), closed()]).toEqual([2, true]);
  });

  it('gives one document in any case, so that paging goes on', async () => {
    expect(await takePage(documents(20 * MIB, 1).found, 200, weigh)).toEqual({ records: [20 * MIB], more: true });
  });
});
