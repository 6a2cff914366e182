import { describe, expect, it } from '@jest/globals';
import { LIFECYCLE_STATES, mayFollow, TRANSITIONS, type LifecycleState } from './lifecycle-states.js';

function reachableFrom(start: LifecycleState): Set<LifecycleState> {
  const seen = new Set<LifecycleState>([start]);
  for (const state of seen) for (const next of TRANSITIONS[state]) seen.add(next);
  return seen;
}

describe('the lifecycle states', () => {
  it('can all be reached from the first', () => {
    expect([...reachableFrom('enabled')].sort()).toEqual([...LIFECYCLE_STATES].sort());
  });

  it.each(LIFECYCLE_STATES)('%s can end in removed', (state) => {
    expect(reachableFrom(state).has('removed')).toBe(true);
  });

  it.each(LIFECYCLE_STATES.filter((state) => state !== 'removed' && state !== 'removing'))(
    '%s can go to removing at once',
    (state) => {
      expect(mayFollow(state, 'removing')).toBe(true);
    },
  );

  it('leave removed never', () => {
    expect(LIFECYCLE_STATES.filter((state) => mayFollow('removed', state))).toEqual([]);
  });

  it('never follow themselves', () => {
    expect(LIFECYCLE_STATES.filter((state) => mayFollow(state, state))).toEqual([]);
  });
});
