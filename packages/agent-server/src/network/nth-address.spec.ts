import { expect, it } from '@jest/globals';
import { nthAddress } from './nth-address.js';

it('gives each its own, from 127.64.0.1 to 127.127.255.254, and begins anew', () => {
  expect([1, 2, 254, 255, 254 * 256, 254 * 256 + 1].map(nthAddress)).toEqual([
    '127.64.0.1',
    '127.64.0.2',
    '127.64.0.254',
    '127.64.1.1',
    '127.64.255.254',
    '127.65.0.1',
  ]);
  const last = 254 * 64 * 256;
  expect([nthAddress(last), nthAddress(last + 1)]).toEqual(['127.127.255.254', '127.64.0.1']);
});
