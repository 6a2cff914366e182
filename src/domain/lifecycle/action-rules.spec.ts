import { describe, expect, it } from '@jest/globals';
import { isAllowed } from './action-rules.js';
import { LIFECYCLE_ACTIONS, LIFECYCLE_STATES } from './lifecycle-states.js';

describe('the action rules', () => {
  it.each(LIFECYCLE_STATES.filter((state) => state !== 'removed'))('let %s be destroyed, also twice', (state) => {
    expect(isAllowed('destroy', state, 'running')).toBe(true);
    expect(isAllowed('destroy', state, 'removed')).toBe(true);
  });

  it.each(LIFECYCLE_ACTIONS.filter((action) => action !== 'destroy'))(
    'let nobody %s what is to be removed',
    (action) => {
      expect(LIFECYCLE_STATES.filter((state) => isAllowed(action, state, 'removed'))).toEqual([]);
      expect(isAllowed(action, 'removing', 'running')).toBe(false);
    },
  );

  it.each(['pause', 'resume'] as const)('let only what is up %s', (action) => {
    expect(LIFECYCLE_STATES.filter((state) => isAllowed(action, state, 'running'))).toEqual(['running', 'paused']);
    expect(isAllowed(action, 'running', 'stopped')).toBe(false);
  });

  it('let what is disabled be enabled and destroyed, and nothing else', () => {
    const allowed = LIFECYCLE_ACTIONS.filter((action) => isAllowed(action, 'disabled', 'disabled'));
    expect(allowed).toEqual(['enable', 'disable', 'destroy']);
  });

  it('allow nothing on what is removed', () => {
    expect(LIFECYCLE_ACTIONS.filter((action) => isAllowed(action, 'removed', 'removed'))).toEqual([]);
  });
});
