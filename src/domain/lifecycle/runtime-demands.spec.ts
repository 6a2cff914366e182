import { describe, expect, it } from '@jest/globals';
import type { Manifest } from '../templates/manifest.js';
import { unmetDemands } from './runtime-demands.js';

const NOTHING = {
  isolation: false,
  limits: false,
  network: false,
  pause: false,
  images: false,
  exec: false,
  stats: false,
  commit: false,
  secrets: false,
};

describe('what a manifest demands of a runtime', () => {
  const command: Manifest = { health: { kind: 'command', command: ['true'] }, preStop: { command: ['true'] } };

  it('is told, each with its place', () => {
    expect(unmetDemands(command, NOTHING).map(({ pointer }) => pointer)).toEqual(['/health/kind', '/preStop']);
    expect(unmetDemands({ health: { kind: 'tcp', port: 1 } }, NOTHING)).toEqual([
      { pointer: '/health/kind', detail: expect.stringContaining('a network of their own') },
    ]);
  });

  it('is nothing where the runtime can do it, and of an ordinary agent', () => {
    expect(unmetDemands(command, { ...NOTHING, exec: true })).toEqual([]);
    expect(unmetDemands({ health: { kind: 'http', port: 1 } }, { ...NOTHING, network: true })).toEqual([]);
    expect(unmetDemands({ health: { kind: 'agent' } }, NOTHING)).toEqual([]);
  });
});
