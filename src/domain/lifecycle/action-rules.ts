import { LIFECYCLE_STATES, type DesiredState, type LifecycleAction, type LifecycleState } from './lifecycle-states.js';

/** From where an action may be asked for. */
export interface ActionRule {
  readonly states: readonly LifecycleState[];
  /** What the instance may be wanted to be so far. */
  readonly desired: readonly DesiredState[];
}

const ALIVE = LIFECYCLE_STATES.filter((state) => state !== 'removing' && state !== 'removed');
const NOT_REMOVED = ['enabled', 'running', 'paused', 'stopped'] as const satisfies DesiredState[];

/**
 * When an action makes sense. Asking twice is fine; a running agent can be paused and a paused one resumed, not one on
 * its way up or down; what is disabled has to be enabled first; and nobody comes back from removal.
 */
export const ACTION_RULES = {
  // What is not disabled is enabled already.
  enable: { states: ALIVE, desired: ['enabled', 'disabled'] },
  disable: { states: ALIVE, desired: [...NOT_REMOVED, 'disabled'] },
  start: { states: ALIVE, desired: NOT_REMOVED },
  stop: { states: ALIVE, desired: NOT_REMOVED },
  restart: { states: ALIVE, desired: NOT_REMOVED },
  pause: { states: ['running', 'paused'], desired: ['running', 'paused'] },
  resume: { states: ['running', 'paused'], desired: ['running', 'paused'] },
  scale: { states: ALIVE, desired: NOT_REMOVED },
  destroy: { states: [...ALIVE, 'removing'], desired: [...NOT_REMOVED, 'disabled', 'removed'] },
} as const satisfies Record<LifecycleAction, ActionRule>;

export function isAllowed(action: LifecycleAction, state: LifecycleState, desired: DesiredState): boolean {
  const rule: ActionRule = ACTION_RULES[action];
  return rule.states.includes(state) && rule.desired.includes(desired);
}
