import { NotFoundError } from '../errors/not-found.error.js';
import { AgentNotRunningError } from '../runs/agent-not-running.error.js';
import type { LifecycleState } from './lifecycle-states.js';
import type { Lifecycle, LifecycleError, Replica, ReplicaCondition } from './lifecycle.js';
import type { ManagedInstance } from './managed-instance.js';

/** How a replica begins. */
export const INITIAL_CONDITION: ReplicaCondition = {
  error: null,
  failures: 0,
  retryAt: null,
  observedGeneration: 0,
  healthCheck: { failures: 0, detail: null },
};

/** The replicas beside the first. */
export const followersOf = <R extends Pick<Replica, 'index'>>({
  replicas,
}: {
  readonly replicas: readonly R[];
}): readonly R[] => replicas.filter(({ index }) => index > 0);

/** Nothing but replica 0 is there, or wanted. */
export const isAlone = ({ desired, replicas }: Pick<Lifecycle, 'desired' | 'replicas'>): boolean =>
  desired.replicas <= 1 && replicas.length <= 1;

/**
 * An instance as one of its replicas sees it: alone, and in its own state. So each replica goes through the states by the
 * same rules. One that is not wanted any more is to be removed; so are all while the workspace that they share is filled.
 */
export function replicaView(instance: ManagedInstance, index: number): ManagedInstance {
  if (index === 0) return firstView(instance);
  const { lifecycle } = instance;
  const { desired } = lifecycle;
  const entry = lifecycle.replicas.find((replica) => replica.index === index);
  const { healthCheck, failures, ...condition } = entry?.condition ?? INITIAL_CONDITION;
  const isFilled = (lifecycle.seed ?? null) !== null;
  const isWanted =
    index < desired.replicas && desired.state !== 'disabled' && lifecycle.state !== 'removing' && !isFilled;
  return {
    ...instance,
    pid: entry?.pid ?? null,
    lifecycle: {
      ...lifecycle,
      ...condition,
      desired: { ...desired, replicas: 1, state: isWanted ? desired.state : 'removed' },
      state: entry?.state ?? 'enabled',
      containerId: entry?.containerId ?? null,
      containerName: entry?.containerName ?? null,
      startedAt: entry?.startedAt ?? null,
      replicas: entry === undefined ? [] : [entry],
      // What failed before a request is forgotten by it.
      failures: condition.observedGeneration < desired.generation ? 0 : failures,
      expiresAt: null,
      seed: null,
      healthCheck: { dueAt: null, ...healthCheck },
    },
  };
}

/** Failed, it has a wait of its own where the instance is due before for another. */
function firstView(instance: ManagedInstance): ManagedInstance {
  const { lifecycle } = instance;
  const retryAt = lifecycle.firstRetryAt ?? null;
  return lifecycle.state !== 'failed' || retryAt === null
    ? instance
    : { ...instance, lifecycle: { ...lifecycle, retryAt } };
}

/** A replica once it is in that state: what does not run has no process. */
export function replicaIn(state: LifecycleState, replica: Replica): Replica {
  return state === 'running' || state === 'paused'
    ? { ...replica, state }
    : { ...replica, state, pid: null, startedAt: null, health: 'unknown' };
}

/** What was wrong with a replica that goes on, and is not any more. */
export function hasSpentError({ state, condition }: Replica, now: Date): boolean {
  if (condition === undefined || condition.error === null || state === 'failed') return false;
  return condition.retryAt === null || condition.retryAt <= now;
}

/** What is wrong with the agent: with its first replica, or else with one of the others. */
export const errorOf = (lifecycle: Pick<Lifecycle, 'error' | 'replicas'>): LifecycleError | null =>
  lifecycle.error ?? followersOf(lifecycle).find(({ condition }) => condition?.error)?.condition?.error ?? null;

/** What is wrong with a replica. */
export const errorOfReplica = (lifecycle: Pick<Lifecycle, 'error'>, replica: Replica): LifecycleError | null =>
  replica.index === 0 ? lifecycle.error : (replica.condition?.error ?? null);

/**
 * The container on record; null: there is none just now.
 * @throws NotFoundError when there is no such replica
 */
export function containerOfReplica(instance: ManagedInstance, index: number): string | null {
  const { lifecycle } = instance;
  if (index > 0 && !lifecycle.replicas.some((replica) => replica.index === index)) {
    throw new NotFoundError(`replica ${index} of the agent`, instance.id);
  }
  return replicaView(instance, index).lifecycle.containerId;
}

/**
 * The container of a replica that runs.
 * @throws NotFoundError when there is no such replica, AgentNotRunningError
 */
export function runningContainer(instance: ManagedInstance, index: number): string {
  const containerId = containerOfReplica(instance, index);
  const { state } = replicaView(instance, index).lifecycle;
  if (state !== 'running' || containerId === null) throw new AgentNotRunningError(instance.id, state, index);
  return containerId;
}

/**
 * What is asked of a replica that is named can be done by it, or once the agent, which sleeps, has woken.
 * @throws NotFoundError when there is no such replica, AgentNotRunningError
 */
export function assertThere(instance: ManagedInstance, index: number): void {
  if (instance.lifecycle.sleep === null) runningContainer(instance, index);
  else containerOfReplica(instance, index);
}
