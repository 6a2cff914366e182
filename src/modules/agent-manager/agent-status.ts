import type { Lifecycle } from '../../domain/lifecycle/lifecycle.js';
import { LIFECYCLE_STATES, type LifecycleState } from '../../domain/lifecycle/lifecycle-states.js';

/** A lifecycle state, or what is shown instead of one: on its way to its first run, or stopped until somebody uses it. */
export type ShownStatus = LifecycleState | 'initializing' | 'sleeping';
export const SHOWN_STATUSES: readonly ShownStatus[] = ['initializing', 'sleeping', ...LIFECYCLE_STATES];

const ON_THE_WAY: readonly LifecycleState[] = ['enabled', 'creating', 'starting'];

export function shownStatus({ state, desired, sleep }: Pick<Lifecycle, 'state' | 'desired' | 'sleep'>): ShownStatus {
  if (desired.state === 'running' && ON_THE_WAY.includes(state)) return 'initializing';
  return sleep === 'asleep' && state === 'stopped' ? 'sleeping' : state;
}
