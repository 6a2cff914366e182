import { describe, expect, it } from '@jest/globals';
import { SLUG_MAX, SLUG_PATTERN, slugFrom } from './project-slug.js';

describe('slugFrom', () => {
  it.each([
    ['Web App', 'web-app'],
    ['  --Web__App!! 2 ', 'web-app-2'],
    ['Crème brûlée', 'creme-brulee'],
    ['日本', ''],
    ['', ''],
  ])('makes of %p the slug %p', (name, slug) => {
    expect(slugFrom(name)).toBe(slug);
  });

  it('cuts a long name where the slug stays a slug', () => {
    for (let length = 1; length < 100; length += 1) {
      const slug = slugFrom('ab '.repeat(length));
      expect(slug.length).toBeLessThanOrEqual(SLUG_MAX);
      expect(slug).toMatch(SLUG_PATTERN);
    }
  });
});
