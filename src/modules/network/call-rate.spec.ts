import { expect, it } from '@jest/globals';
import { CallRate } from './call-rate.js';

it('lets a burst through, then so many a second, and calls a flood what goes on asking', () => {
  let now = 0;
  const rate = new CallRate({ burst: 3, perSecond: 2, floodAfter: 2 }, () => now);
  const take = (times: number): string[] => Array.from({ length: times }, () => rate.take());
  expect(take(4)).toEqual(['fine', 'fine', 'fine', 'too-many']);
  now += 1000;
  expect(take(3)).toEqual(['fine', 'fine', 'too-many']);
  expect(take(2)).toEqual(['too-many', 'flood']);
  now += 60_000;
  expect(take(4)).toEqual(['fine', 'fine', 'fine', 'too-many']);
});
