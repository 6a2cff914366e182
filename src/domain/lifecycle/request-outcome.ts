import type { DesiredState, LifecycleState } from './lifecycle-states.js';
import type { Desired, Lifecycle } from './lifecycle.js';
import { followersOf } from './replicas.js';

/** What has become of a request. */
export type RequestOutcome = 'pending' | 'reached' | 'failed' | 'superseded';

/** `replicas` is given by who asked for so many. */
export type Asked = Pick<Desired, 'state' | 'generation' | 'restartToken'> & Partial<Pick<Desired, 'replicas'>>;

/**
 * What has become of the request that asked for `asked`. A later request for the very same (starting what starts) does
 * not replace it.
 */
export function outcomeOf(
  {
    desired,
    observedGeneration,
    state,
    replicas,
  }: Pick<Lifecycle, 'desired' | 'observedGeneration' | 'state' | 'replicas'>,
  asked: Asked,
): RequestOutcome {
  const isSame =
    desired.state === asked.state &&
    desired.restartToken === asked.restartToken &&
    desired.replicas === (asked.replicas ?? desired.replicas);
  // What was read before the request was written shows an older generation: no word on what became of it.
  if (desired.generation > asked.generation && !isSame) return 'superseded';
  if (observedGeneration < asked.generation) return 'pending';
  const states = [state, ...followersOf({ replicas }).map((replica) => replica.state)];
  if (states.includes('failed')) return 'failed';
  // After a failure it is tried again, and is on its way once more.
  return states.every((one) => ENDS[asked.state].includes(one)) ? 'reached' : 'pending';
}

/** The states in which a desired state is reached. */
const ENDS: Record<DesiredState, readonly LifecycleState[]> = {
  // It is enabled once it may be started; what it was on its way from may have left its container.
  enabled: ['enabled', 'stopped'],
  disabled: ['disabled'],
  running: ['running'],
  paused: ['paused'],
  // Nothing has to be stopped where nothing was started.
  stopped: ['stopped', 'enabled'],
  removed: ['removed'],
};
