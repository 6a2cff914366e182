import { describe, expect, it } from '@jest/globals';
import { covers, isHostName, matches, readBound, readPattern, type DestinationPattern } from './destination.js';

const pattern = (text: string): DestinationPattern => {
  const read = readBound(text);
  if ('fault' in read) throw new TypeError(read.fault);
  return read;
};
const at = (text: string): { host: string; port: number } => {
  const [host = '', port] = text.split(':');
  return { host, port: Number(port) };
};

describe('what is allowed', () => {
  it.each([
    ['a.example.org:443', 'a.example.org:443'],
    ['A.Example.ORG:443', 'a.example.org:443'],
    ['*.example.org:443', 'a.example.org:443'],
    ['*.example.org:443', 'a.b.example.org:443'],
    ['*:443', 'example.org:443'],
    ['*', 'example.org:25'],
    ['registry:5000', 'registry:5000'],
  ])('by %s is %s', (text, destination) => {
    expect(matches(pattern(text), at(destination))).toBe(true);
  });

  it.each([
    ['a.example.org:443', 'a.example.org:80'],
    ['a.example.org:443', 'b.a.example.org:443'],
    ['*.example.org:443', 'example.org:443'],
    ['*.example.org:443', 'badexample.org:443'],
    ['*.example.org:443', 'a.example.org.evil.com:443'],
    ['*:443', 'example.org:80'],
  ])('by %s is not %s', (text, destination) => {
    expect(matches(pattern(text), at(destination))).toBe(false);
  });

  it.each([
    ['*', '*.example.org:1'],
    ['*:443', '*.example.org:443'],
    ['*.example.org:443', '*.example.org:443'],
    ['*.example.org:443', '*.a.example.org:443'],
    ['*.example.org:443', 'a.example.org:443'],
    ['a.example.org:443', 'A.example.org:443'],
  ])('to an operator’s %s belongs %s', (outer, inner) => {
    expect(covers(pattern(outer), pattern(inner))).toBe(true);
  });

  it.each([
    ['*.example.org:443', '*.org:443'],
    ['*.example.org:443', 'example.org:443'],
    ['*.example.org:443', '*.example.org:80'],
    ['a.example.org:443', '*.a.example.org:443'],
    ['*:443', 'example.org:80'],
  ])('to an operator’s %s does not belong %s', (outer, inner) => {
    expect(covers(pattern(outer), pattern(inner))).toBe(false);
  });
});

describe('a pattern', () => {
  it.each([
    ['example.org', /a host and a port/],
    ['example.org:', /a host and a port/],
    ['exa*mple.org:443', /a host and a port/],
    ['a..example.org:443', /a host and a port/],
    [`${'a'.repeat(64)}.org:443`, /a host and a port/],
    ['*:443', /a host and a port/],
    ['example.org:0', /port/],
    ['example.org:65536', /port/],
    ['93.184.216.34:443', /is an address/],
    ['0x7f000001:80', /is an address/],
    ['127.1:80', /is an address/],
    ['*.0.0.127:80', /is an address/],
    ['localhost:80', /own loopback/],
    ['a.localhost:80', /own loopback/],
  ])('is not %s', (text, why) => {
    const read = readPattern(text);
    expect('fault' in read && read.fault).toMatch(why);
  });

  it('is a name of a host, or one below it', () => {
    expect(readPattern('*.Example.org:443')).toEqual({ name: 'example.org', below: true, port: 443 });
    expect(isHostName('a_b.example-1.org')).toBe(true);
    for (const name of ['', '.', 'a.', '-a', 'a b', 'ä.org', 'a/b', `${'a.'.repeat(130)}b`]) {
      expect([name, isHostName(name)]).toEqual([name, false]);
    }
  });
});
