import { expect, it } from '@jest/globals';
import { GoawayWatch } from './goaway-watch.js';

const frame = (type: number, length: number): Buffer =>
  Buffer.concat([Buffer.from([0, length >> 8, length & 0xff, type, 0, 0, 0, 0, 1]), Buffer.alloc(length, 7)]);

it.each([1, 2, 5, 9, 10, 1000])('finds GOAWAY in pieces of %i bytes, and nothing that only looks like it', (size) => {
  const harmless = Buffer.concat([frame(4, 6), frame(0, 300), frame(1, 0), frame(8, 4)]);
  const seen = (bytes: Buffer): boolean => {
    const watch = new GoawayWatch();
    let found = false;
    for (let at = 0; at < bytes.length; at += size) found = watch.sees(bytes.subarray(at, at + size)) || found;
    return found;
  };
  expect(seen(harmless)).toBe(false);
  expect(seen(Buffer.concat([harmless, frame(7, 8)]))).toBe(true);
});
