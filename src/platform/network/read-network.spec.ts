import { expect, it } from '@jest/globals';
import { readNetwork } from './read-network.js';

it.each([
  ['10.1.2.0/24', { address: '10.1.2.0', prefix: 24, family: 'ipv4' }],
  ['10.1.2.3', { address: '10.1.2.3', prefix: 32, family: 'ipv4' }],
  ['fd00::/8', { address: 'fd00::', prefix: 8, family: 'ipv6' }],
  ['::1', { address: '::1', prefix: 128, family: 'ipv6' }],
])('%s is a network', (cidr, network) => {
  expect(readNetwork(cidr)).toEqual(network);
});

it.each(['', '10.0.0.0/33', '10.0.0/8', 'example.org', '10.0.0.0/8/8', '::1/129', '10.0.0.0/'])(
  '%s is none',
  (cidr) => {
    expect(readNetwork(cidr)).toBeNull();
  },
);
