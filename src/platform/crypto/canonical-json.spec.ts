import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { canonicalJson } from './canonical-json.js';
import { digestOf } from './digest.js';

const vectors = readdirSync('test/fixtures/jcs/input');

describe('canonicalJson', () => {
  it('has vectors to meet', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(6);
  });

  it.each(vectors)('meets the RFC 8785 vector %s', (name) => {
    const input: unknown = JSON.parse(readFileSync(`test/fixtures/jcs/input/${name}`, 'utf8'));
    expect(canonicalJson(input)).toBe(readFileSync(`test/fixtures/jcs/output/${name}`, 'utf8'));
  });

  it('refuses what JSON cannot say', () => {
    expect(() => canonicalJson({ n: NaN })).toThrow();
    expect(() => canonicalJson(undefined)).toThrow();
  });

  it('gives the same digest whatever the order of members', () => {
    expect(digestOf({ a: 1, b: [2, { c: 3, d: 4 }] })).toBe(digestOf({ b: [2, { d: 4, c: 3 }], a: 1 }));
  });
});
