import { describe, expect, it } from '@jest/globals';
import type { RuntimeCapabilities } from '../runtime/container-runtime.js';
import { assertBoundaryFor } from './signed-needs-boundary.js';

const SIGNED = { manifestDigest: 'a'.repeat(64), keyId: 'kernel-1' };
const runtime = (isolation: boolean) => ({
  name: isolation ? ('docker' as const) : ('process' as const),
  capabilities: { isolation } as RuntimeCapabilities,
});

describe('a runtime that is no boundary', () => {
  it.each([
    ['one of a signed manifest', { spawn: SIGNED }],
    ['a fork of one', { signedOrigin: SIGNED }],
  ])('takes no agents of signed manifests: %s', (_which, agent) => {
    expect(() => {
      assertBoundaryFor(agent, runtime(false));
    }).toThrow('is no boundary');
    expect(() => {
      assertBoundaryFor(agent, runtime(true));
    }).not.toThrow();
  });

  it('takes any other', () => {
    for (const agent of [{}, { spawn: { manifestDigest: null, keyId: null } }]) {
      expect(() => {
        assertBoundaryFor(agent, runtime(false));
      }).not.toThrow();
    }
  });
});
