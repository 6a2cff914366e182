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
  if (desired.generation !== asked.generation && !isSame) return 'superseded';
  if (observedGeneration < asked.generation) return 'pending';
  return state === 'failed' ? 'failed' : 'reached';
}
