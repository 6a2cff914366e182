import type { DesiredState, LifecycleState } from './lifecycle-states.js';
import type { Desired, Lifecycle } from './lifecycle.js';

/** What has become of a request. */
export type RequestOutcome = 'pending' | 'reached' | 'failed' | 'superseded';

/**
 * What has become of the request that asked for `asked`. A later request for the very same (starting what starts) does
 * not replace it.
 */
export function outcomeOf(
  { desired, observedGeneration, state }: Pick<Lifecycle, 'desired' | 'observedGeneration' | 'state'>,
  asked: Pick<Desired, 'state' | 'generation' | 'restartToken'>,
): RequestOutcome {
  const isSame = desired.state === asked.state && desired.restartToken === asked.restartToken;
  // What was read before the request was written shows an older generation: no word on what became of it.
  if (desired.generation > asked.generation && !isSame) return 'superseded';
  if (observedGeneration < asked.generation) return 'pending';
  if (state === 'failed') return 'failed';
  // After a failure it is tried again, and is on its way once more.
  return ENDS[asked.state].includes(state) ? 'reached' : 'pending';
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
