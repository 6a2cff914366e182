import { describe, expect, it } from '@jest/globals';
import { byDigest, imageNameOf, isImageReference } from './image-reference.js';

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

describe('the name of an image', () => {
  it.each([
    ['agent', 'docker.io', 'docker.io/library/agent', 'agent'],
    ['agent:1', 'docker.io', 'docker.io/library/agent', 'agent'],
    ['muster/agent:1', 'docker.io', 'docker.io/muster/agent', 'muster/agent'],
    ['docker.io/agent', 'docker.io', 'docker.io/library/agent', 'docker.io/agent'],
    ['index.docker.io/muster/agent', 'docker.io', 'docker.io/muster/agent', 'index.docker.io/muster/agent'],
    ['localhost/agent', 'localhost', 'localhost/agent', 'localhost/agent'],
    ['localhost:5000/agent', 'localhost:5000', 'localhost:5000/agent', 'localhost:5000/agent'],
    ['r.example.com/a/b:1', 'r.example.com', 'r.example.com/a/b', 'r.example.com/a/b'],
    ['[fe80::1]:5000/agent:1', '[fe80::1]:5000', '[fe80::1]:5000/agent', '[fe80::1]:5000/agent'],
  ])('%s is of %s, in %s', (reference, registry, repository, name) => {
    expect(imageNameOf(reference)).toEqual({ registry, repository, name, digest: null });
    expect(imageNameOf(`${reference}@${DIGEST}`)).toEqual({ registry, repository, name, digest: DIGEST });
    expect(byDigest(reference, DIGEST)).toBe(`${name}@${DIGEST}`);
    expect(byDigest(`${reference}@sha256:${'b'.repeat(64)}`, DIGEST)).toBe(`${name}@${DIGEST}`);
  });

  it.each([DIGEST, 'a'.repeat(64), 'a/../b', ''])('is none in %j', (reference) => {
    expect(imageNameOf(reference)).toBeNull();
    expect(byDigest(reference, DIGEST)).toBeNull();
  });

  it('is not put together with what is no digest, or to something too long', () => {
    expect(byDigest('agent', 'latest')).toBeNull();
    expect(byDigest('a'.repeat(200), DIGEST)).toBeNull();
  });
});
