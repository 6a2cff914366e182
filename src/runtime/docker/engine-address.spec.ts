import { describe, expect, it } from '@jest/globals';
import { parseEngineHost } from './engine-address.js';

describe('parseEngineHost', () => {
  it.each([
    ['unix:///var/run/docker.sock', { socketPath: '/var/run/docker.sock' }, true],
    ['unix:///with%20space/d.sock', { socketPath: '/with space/d.sock' }, true],
    ['tcp://engine.local:2375', { protocol: 'http', host: 'engine.local', port: 2375 }, false],
    ['tcp://10.0.0.1', { protocol: 'http', host: '10.0.0.1', port: 2375 }, false],
    ['https://engine.local:2376', { protocol: 'https', host: 'engine.local', port: 2376 }, false],
  ])('reads %s', (host, options, local) => {
    expect(parseEngineHost(host)).toEqual({ options, local });
  });

  it.each(['', '/var/run/docker.sock', 'unix://', 'ssh://host', 'tcp://'])('refuses "%s"', (host) => {
    expect(() => parseEngineHost(host)).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }));
  });
});
