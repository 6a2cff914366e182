import { describe, expect, it } from '@jest/globals';
import { roleSlugOf } from './role-slug.js';

describe('roleSlugOf', () => {
  it.each([
    ['developer', 'dev'],
    ['project_manager', 'pm'],
    ['architect', 'architect'],
    ['qa_lead_2', 'qa-lead-2'],
    ['constructor', 'constructor'],
  ])('%s → %s', (role, slug) => {
    expect(roleSlugOf(role)).toBe(slug);
  });
});
