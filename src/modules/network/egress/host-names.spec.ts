import { expect, it } from '@jest/globals';
import { readHosts } from './host-names.js';

it('reads a hosts file: several names a line, several lines a name, IPv4 first, comments left out', () => {
  const hosts = readHosts(
    [
      '127.0.0.1 localhost',
      '::1  LocalHost ip6-localhost # loopback',
      '#10.0.0.1 no',
      'nonsense x',
      '10.0.0.2\ta.b c',
    ].join('\n'),
  );
  expect([...hosts]).toEqual([
    ['localhost', ['127.0.0.1', '::1']],
    ['ip6-localhost', ['::1']],
    ['a.b', ['10.0.0.2']],
    ['c', ['10.0.0.2']],
  ]);
});
