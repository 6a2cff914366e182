/** Which lifecycle states may follow which. Every pair not named here is refused with InvalidTransitionError. */
export const TRANSITIONS = {
  enabled: ['creating', 'disabled', 'removing'],
  disabled: ['enabled', 'removing'],
  creating: ['starting', 'stopping', 'failed', 'removing'],
  starting: ['running', 'stopping', 'failed', 'removing'],
  running: ['paused', 'stopping', 'failed', 'removing'],
  paused: ['running', 'stopping', 'failed', 'removing'],
  stopping: ['stopped', 'failed', 'removing'],
  stopped: ['starting', 'creating', 'enabled', 'disabled', 'removing'],
  failed: ['creating', 'starting', 'stopped', 'removing'],
  removing: ['removed', 'failed'],
  removed: [],
} as const satisfies Record<string, readonly string[]>;

export type LifecycleState = keyof typeof TRANSITIONS;

export const LIFECYCLE_STATES = Object.keys(TRANSITIONS) as readonly LifecycleState[];

export function mayFollow(from: LifecycleState, to: LifecycleState): boolean {
  return (TRANSITIONS[from] as readonly LifecycleState[]).includes(to);
}

/** What somebody wants an instance to be. */
export type DesiredState = 'enabled' | 'disabled' | 'running' | 'paused' | 'stopped' | 'removed';

/** What can be asked of an instance, and the desired state it asks for. A restart also moves the restart token. */
export const ACTIONS = {
  enable: 'enabled',
  disable: 'disabled',
  start: 'running',
  stop: 'stopped',
  restart: 'running',
  pause: 'paused',
  resume: 'running',
  destroy: 'removed',
} as const satisfies Record<string, DesiredState>;

export type LifecycleAction = keyof typeof ACTIONS;

export const LIFECYCLE_ACTIONS = Object.keys(ACTIONS) as readonly LifecycleAction[];
