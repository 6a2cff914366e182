import { describe, expect, it } from '@jest/globals';
import { RandomJson } from '../../../../test/support/random-json.js';
import { listItems } from './list-items.js';

describe('the items of a list', () => {
  it.each([
    ['[]', []],
    [' [ ] ', []],
    ['[1]', ['1']],
    ['[ {"a": [1, 2]} , "],[" , "\\\\" , "\\"]" ]', ['{"a": [1, 2]}', '"],["', '"\\\\"', '"\\"]"']],
    ['[12345678901234567890, 1.0, 1e2]', ['12345678901234567890', '1.0', '1e2']],
  ])('are as they were written: %s', (json, items) => {
    expect(listItems(json)).toEqual(items);
  });

  it('are all of them, whatever they are', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = new RandomJson(seed);
      const items = Array.from({ length: 1 + (seed % 5) }, () => random.text({ a: [1, '],['] }).trim());
      expect(listItems(`[${items.join(' ,\n')}]`)).toEqual(items);
    }
  });
});
