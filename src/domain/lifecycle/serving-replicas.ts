import type { ManagedInstance } from './managed-instance.js';
import { isWantedUp } from './next-step.js';
import { followersOf, replicaView } from './replicas.js';

/** The replicas that may be given what is asked of the agent, by index. */
export interface ServingReplicas {
  /** They run, and nothing is known to be wrong with them. */
  readonly up: readonly number[];
  /** They run, and failed their last health check: better than nobody. */
  readonly ailing: readonly number[];
}

/**
 * Which replicas can serve: those that run and are to go on running. A decision for all that goes to an agent and not to
 * one replica that was named.
 */
export function servingReplicas(instance: ManagedInstance): ServingReplicas {
  const running = [0, ...followersOf(instance.lifecycle).map(({ index }) => index)].filter((index) => {
    const { lifecycle } = replicaView(instance, index);
    const isToGoOn = lifecycle.desired.state === 'running' && isWantedUp({ lifecycle });
    return lifecycle.state === 'running' && lifecycle.containerId !== null && isToGoOn;
  });
  const isAiling = (index: number): boolean =>
    instance.lifecycle.replicas.find((replica) => replica.index === index)?.health === 'unhealthy';
  return { up: running.filter((index) => !isAiling(index)), ailing: running.filter(isAiling) };
}

export function canServe(instance: ManagedInstance): boolean {
  const { up, ailing } = servingReplicas(instance);
  return up.length + ailing.length > 0;
}

/** All that can serve, the one that is asked first at first: where it matters that it is the same each time. */
export const firstOnes = ({ up, ailing }: ServingReplicas): readonly number[] => [...up, ...ailing];

/** The one of an agent that prompts and commands go to where none is named; 0 where none can serve. */
export const firstOne = (instance: ManagedInstance): number => firstOnes(servingReplicas(instance))[0] ?? 0;

/** All that can serve, the one whose turn it is at first. @param last the one whose turn it was before; null: nobody's */
export const byTurns = ({ up, ailing }: ServingReplicas, last: number | null): readonly number[] => [
  ...after(up, last ?? -1),
  ...after(ailing, last ?? -1),
];

/** In the same round, begun after `last`, which may be gone. */
function after(replicas: readonly number[], last: number): readonly number[] {
  const next = replicas.findIndex((index) => index > last);
  return next < 0 ? replicas : [...replicas.slice(next), ...replicas.slice(0, next)];
}
