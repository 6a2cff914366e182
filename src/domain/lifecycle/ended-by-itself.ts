import type { ProblemCode } from '../errors/problem-catalogue.js';
import type { ContainerObservation } from '../runtime/container-runtime.js';

/** What an agent that ended without being asked to failed with. */
export type EndedCode = Extract<ProblemCode, 'CONTAINER_EXITED' | 'CONTAINER_OUT_OF_MEMORY'>;

type Ending = Pick<ContainerObservation, 'exitCode' | 'oomKilled'>;

/**
 * Which of the two it was. An engine tells `oomKilled` of whatever process in the container was ended for its memory; an agent that
 * ended well afterwards did not end by that.
 */
export function endedCode({ exitCode, oomKilled }: Ending): EndedCode {
  return oomKilled && exitCode !== 0 ? 'CONTAINER_OUT_OF_MEMORY' : 'CONTAINER_EXITED';
}

const ENDED: ReadonlySet<ProblemCode> = new Set<EndedCode | 'COMPANION_EXITED'>([
  'CONTAINER_EXITED',
  'CONTAINER_OUT_OF_MEMORY',
  'COMPANION_EXITED',
]);

export const isEndedCode = (code: ProblemCode): boolean => ENDED.has(code);
