import { describe, expect, it } from '@jest/globals';
import { jsonFaults } from './json-faults.js';

const pointers = (value: unknown, maxDepth = 3): string[] => jsonFaults(value, maxDepth).map(({ pointer }) => pointer);

describe('jsonFaults', () => {
  it('finds none in JSON', () => {
    expect(pointers({ a: [1, 'x', null, true, { b: {} }], '': -0, '😀': '😀' }, 4)).toEqual([]);
  });

  it('counts levels of objects and arrays', () => {
    expect(pointers({ a: { b: { c: 1 } } })).toEqual([]);
    expect(pointers({ a: { b: [[]] } })).toEqual(['/a/b/0']);
  });

  it('survives what is nested without end', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(pointers(loop)).toEqual(['/0/0/0']);
  });

  it('finds half characters in texts and names, and what JSON cannot write', () => {
    expect(pointers({ a: '\ud800', '~/': [Infinity, NaN, undefined, 1n], '\udc00': 1 })).toEqual([
      '/a',
      '/~0~1/0',
      '/~0~1/1',
      '/~0~1/2',
      '/~0~1/3',
      '',
    ]);
  });

  it('refuses a member named __proto__', () => {
    expect(pointers(JSON.parse('{"a": {"__proto__": {}}}'))).toEqual(['/a/__proto__']);
  });

  it('tells no more than 20', () => {
    expect(pointers(Array.from({ length: 1000 }, () => '\ud800'))).toHaveLength(20);
  });
});
