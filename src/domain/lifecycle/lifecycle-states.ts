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

/** In these states there may be a container that takes up what it was promised. */
export const PRESENT_STATES: readonly LifecycleState[] = [
  'creating',
  'starting',
  'running',
  'paused',
  'stopping',
  'removing',
];

export function mayFollow(from: LifecycleState, to: LifecycleState): boolean {
  return (TRANSITIONS[from] as readonly LifecycleState[]).includes(to);
}

/** What somebody wants an instance to be. */
export type DesiredState = 'enabled' | 'disabled' | 'running' | 'paused' | 'stopped' | 'removed';

/**
 * What can be asked of an instance, and the desired state it asks for; null: that stays. A restart also moves the restart
 * token, and a scale the number of replicas.
 */
export const ACTIONS = {
  enable: 'enabled',
  disable: 'disabled',
  start: 'running',
  stop: 'stopped',
  restart: 'running',
  pause: 'paused',
  resume: 'running',
  scale: null,
  destroy: 'removed',
} as const satisfies Record<string, DesiredState | null>;

export type LifecycleAction = keyof typeof ACTIONS;

export const LIFECYCLE_ACTIONS = Object.keys(ACTIONS) as readonly LifecycleAction[];
