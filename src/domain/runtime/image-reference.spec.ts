import { describe, expect, it } from '@jest/globals';
import { isImageReference } from './image-reference.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('an image reference', () => {
  it.each([
    'muster/agent',
    'muster/agent:0.1.0',
    'debian:bookworm-slim',
    'registry.example.com:5000/Team/agent'.toLowerCase(),
    'Registry.Example.com/team/agent:V1',
    '[fe80::1]:5000/agent',
    'a__b/c.d/e--f:latest',
    DIGEST,
    'a'.repeat(64),
    `muster/agent@${DIGEST}`,
    `muster/agent:1@${DIGEST}`,
  ])('may be %s', (reference) => {
    expect(isImageReference(reference)).toBe(true);
  });

  it.each([
    '',
    'a/../b',
    'a/../../containers/json',
    '../a',
    'a/./b',
    'a//b',
    'a/',
    '/a',
    'A',
    'a b',
    'a?b=c',
    'a#b',
    'a%2e%2e',
    'a\n',
    'a:',
    'a:b:c',
    'a@sha256:1',
    `a@${DIGEST}0`,
    `http://a/b`,
    'x'.repeat(256),
  ])('is not %j', (reference) => {
    expect(isImageReference(reference)).toBe(false);
  });

  it('is refused in no time, however long', () => {
    expect(isImageReference(`${'a-'.repeat(50_000)}!`)).toBe(false);
    expect(isImageReference(`${'a.'.repeat(126)}!`)).toBe(false);
    expect(isImageReference(`${'a/'.repeat(126)}A`)).toBe(false);
  });
});
