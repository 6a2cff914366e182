import type { ProblemCode } from '../errors/problem-catalogue.js';
import type { ContainerObservation } from '../runtime/container-runtime.js';
import { hasItsCompanion } from '../runtime/container-ends.js';
import { isPoolOwner } from '../runtime/runtime-spec.js';
import { endedCode, isEndedCode } from './ended-by-itself.js';
import { isExpired, isIdle, nextDeadline } from './idleness.js';
import type { DesiredState, LifecycleState } from './lifecycle-states.js';
import type { Replica } from './lifecycle.js';
import type { ManagedInstance } from './managed-instance.js';
import { hasGivenUp, type RestartPolicy } from './restart-policy.js';
import { upkeepOf } from './upkeep.js';

/** Why a state changes; a code for the log. */
export type TransitionReason =
  | 'requested'
  | 'restart-requested'
  | 'retry'
  | 'engine-outage'
  | 'container-missing'
  | 'container-outdated'
  | 'container-reused'
  | 'container-created'
  | 'container-adopted'
  | 'container-claimed'
  | 'agent-healthy'
  | 'container-paused'
  | 'container-resumed'
  | 'container-stopped'
  | 'pre-stop-failed'
  | 'container-removed'
  | 'idle'
  | 'woken'
  | 'ttl-expired'
  | 'restore-requested'
  | 'snapshot'
  | ProblemCode;

/** The one thing to do next. */
export type Step =
  /** Nothing, until that time or until something changes. */
  | { readonly kind: 'rest'; readonly until: Date | null }
  /** The container has to be looked at before anything can be said. */
  | { readonly kind: 'look' }
  /** Only the state changes. */
  | { readonly kind: 'move'; readonly to: LifecycleState; readonly reason: TransitionReason }
  | { readonly kind: 'fail'; readonly code: ProblemCode }
  /** Make the container (or adopt the one that has its name) → starting. */
  | { readonly kind: 'create' }
  /** Take the container away and fill the workspace from a snapshot's archive; the state stays. */
  | { readonly kind: 'seed' }
  /** Start the old container again if it is as a new one would be → starting, else → creating. */
  | { readonly kind: 'reuse' }
  /** Start the container, wait until the agent is healthy, tell it who it is → running. */
  | { readonly kind: 'launch' }
  /** Tell the running agent who it is now, and note its process. */
  | { readonly kind: 'configure' }
  /** → paused */
  | { readonly kind: 'pause' }
  /** → running */
  | { readonly kind: 'resume' }
  /** Somebody paused, resumed, started or altered it behind Muster's back: undo that; the state stays. */
  | { readonly kind: 'undo'; readonly by: 'pause' | 'unpause' | 'stop' | 'restoreLimits' }
  /** → stopped */
  | { readonly kind: 'stop' }
  /** Take the container away and keep the workspace → disabled. */
  | { readonly kind: 'retire' }
  /** → removed */
  | { readonly kind: 'remove' }
  /** running → stopping and asleep, unless somebody uses it at this very moment. */
  | { readonly kind: 'sleep' }
  /** Its time is over → removing, unless somebody uses or renews it at this very moment. */
  | { readonly kind: 'expire' };

/** What is known when deciding. */
export interface Outlook {
  readonly instance: ManagedInstance;
  /** The container of the replica as just seen; null: there is none; undefined: nobody has looked. */
  readonly container: ContainerObservation | null | undefined;
  readonly now: Date;
  readonly policy: RestartPolicy;
  /** Since when this Muster follows the engine without a gap; null: it does not yet. */
  readonly watchedSince: Date | null;
}

const REST: Step = { kind: 'rest', until: null };
const LOOK: Step = { kind: 'look' };

const move = (to: LifecycleState, reason: TransitionReason = 'requested'): Step => ({ kind: 'move', to, reason });

/** What to do for an instance. Pure: the same outlook always gives the same step. */
export function nextStep(outlook: Outlook): Step {
  const { instance, now } = outlook;
  const { state, desired } = instance.lifecycle;
  if (desired.state === 'removed' && state !== 'removing' && state !== 'removed') return towardsRemoval(outlook);
  if (isExpired(instance, now)) return { kind: 'expire' };
  const step = STEPS[state](outlook);
  return step.kind === 'rest' ? { kind: 'rest', until: earlier(step.until, nextDeadline(instance, now)) } : step;
}

const STEPS: Record<LifecycleState, (outlook: Outlook) => Step> = {
  enabled: (outlook) => {
    if (isWanted(outlook, 'disabled')) return move('disabled');
    if (needsSeed(outlook)) return move('creating', 'restore-requested');
    return isWantedUp(outlook.instance) ? move('creating') : REST;
  },
  disabled: (outlook) => (isWanted(outlook, 'disabled') ? REST : move('enabled')),
  creating: (outlook) => {
    if (isWanted(outlook, 'disabled')) return move('stopping');
    if (needsSeed(outlook)) return { kind: 'seed' };
    return isWantedUp(outlook.instance) ? { kind: 'create' } : move('stopping');
  },
  starting: (outlook) => {
    const { container } = outlook;
    if (!isWantedUp(outlook.instance)) return move('stopping');
    if (needsSeed(outlook)) return move('stopping', 'restore-requested');
    if (container === undefined) return LOOK;
    // One that exited may have been stopped before: only starting it shows whether it can run.
    return !canStart(container) && !isUp(container)
      ? { kind: 'fail', code: 'CONTAINER_START_FAILED' }
      : { kind: 'launch' };
  },
  running: (outlook) => {
    const { container, instance } = outlook;
    const wanted = leavingUp(outlook);
    if (wanted !== null) return wanted;
    if (container === undefined) return LOOK;
    if (!isUp(container) || hasLostItsFolders(instance, container)) return gone(outlook);
    if (container.isAltered === true) return { kind: 'undo', by: 'restoreLimits' };
    if (instance.lifecycle.desired.state === 'paused') return { kind: 'pause' };
    if (container.state === 'paused') return { kind: 'undo', by: 'unpause' };
    if (isUnhealthy(instance)) return { kind: 'fail', code: 'HEALTH_CHECK_FAILED' };
    if (isIdle(instance, outlook.now)) return { kind: 'sleep' };
    return isUpToDate(instance, container) ? REST : { kind: 'configure' };
  },
  paused: (outlook) => {
    const { container, instance } = outlook;
    const wanted = leavingUp(outlook);
    if (wanted !== null) return wanted;
    if (container === undefined) return LOOK;
    if (!isUp(container) || hasLostItsFolders(instance, container)) return gone(outlook);
    if (container.isAltered === true) return { kind: 'undo', by: 'restoreLimits' };
    if (instance.lifecycle.desired.state === 'running') return { kind: 'resume' };
    return container.state === 'paused' ? REST : { kind: 'undo', by: 'pause' };
  },
  stopping: () => ({ kind: 'stop' }),
  stopped: (outlook) => {
    const { container } = outlook;
    if (isWanted(outlook, 'disabled')) return { kind: 'retire' };
    if (needsSeed(outlook)) return move('creating', 'restore-requested');
    if (container === undefined) return LOOK;
    if (!isWantedUp(outlook.instance)) return isPartlyUp(container) ? { kind: 'undo', by: 'stop' } : REST;
    return canStart(container)
      ? { kind: 'reuse' }
      : move('creating', container === null ? 'container-missing' : 'container-outdated');
  },
  failed: (outlook) => {
    const { container, instance, now, policy } = outlook;
    const { error, retryAt } = instance.lifecycle;
    if (!isWantedUp(outlook.instance) && (isWanted(outlook, 'disabled') || !needsSeed(outlook))) {
      if (container === undefined) return LOOK;
      return isPartlyUp(container) ? { kind: 'undo', by: 'stop' } : move('stopped');
    }
    if (!isNewRequest(instance)) {
      if (hasGivenUp(instance.lifecycle, policy)) return REST;
      if (retryAt !== null && retryAt > now) return { kind: 'rest', until: retryAt };
    }
    // What ran before it ended may run again; anything else begins afresh.
    if (error === null || !hadRun(error.code) || needsSeed(outlook)) return move('creating', 'retry');
    if (container === undefined) return LOOK;
    return canStart(container) ? { kind: 'reuse' } : move('creating', 'retry');
  },
  removing: () => ({ kind: 'remove' }),
  removed: () => REST,
};

/** Removal is tried for ever, with a wait after each failure. */
function towardsRemoval({ instance, now }: Outlook): Step {
  const { state, retryAt } = instance.lifecycle;
  if (state === 'failed' && !isNewRequest(instance) && retryAt !== null && retryAt > now) {
    return { kind: 'rest', until: retryAt };
  }
  return move('removing');
}

function leavingUp(outlook: Outlook): Step | null {
  const { desired, replicas } = outlook.instance.lifecycle;
  if (!isWantedUp(outlook.instance)) return move('stopping');
  if (needsSeed(outlook)) return move('stopping', 'restore-requested');
  return replicas[0]?.restartToken === desired.restartToken ? null : move('stopping', 'restart-requested');
}

/** It ended, or was taken away: the agent's failure, unless the engine was away meanwhile. */
function gone(outlook: Outlook): Step {
  const { instance, container } = outlook;
  return instance.lifecycle.error?.code === 'RUNTIME_UNAVAILABLE' || endedInAnOutage(outlook)
    ? move('stopping', 'engine-outage')
    : { kind: 'fail', code: endOf(container ?? null) };
}

function endOf(container: ContainerObservation | null): ProblemCode {
  if (container === null) return 'CONTAINER_EXITED';
  return runs(container) && !hasItsCompanion(container) ? 'COMPANION_EXITED' : endedCode(container);
}

/**
 * A host that goes down takes all its containers along, and often Muster too: ends that nobody watched, with an exit code
 * that does not come from the agent's own failure.
 */
function endedInAnOutage({ container, watchedSince }: Outlook): boolean {
  if (!container || container.oomKilled || watchedSince === null) return false;
  const { finishedAt, exitCode } = container;
  return finishedAt !== null && finishedAt < watchedSince && exitCode !== null && ENDED_FROM_OUTSIDE.has(exitCode);
}

/** Its own end, SIGKILL, SIGTERM, and what engines note for containers whose end they have not seen. */
const ENDED_FROM_OUTSIDE: ReadonlySet<number> = new Set([0, 137, 143, 255]);

/** Failures of agents that had come up: the container is as good as a new one. */
const hadRun = (code: ProblemCode): boolean => isEndedCode(code) || code === 'HEALTH_CHECK_FAILED';

const isWanted = ({ instance }: Outlook, state: DesiredState): boolean => instance.lifecycle.desired.state === state;

/** Its workspace has to become another first. */
const needsSeed = ({ instance }: Outlook): boolean => (instance.lifecycle.seed ?? null) !== null;

/** An agent that sleeps is wanted to run, but not now. */
export function isWantedUp({ lifecycle: { desired, sleep } }: Pick<ManagedInstance, 'lifecycle'>): boolean {
  return (desired.state === 'running' || desired.state === 'paused') && sleep !== 'asleep';
}

const isUnhealthy = ({ lifecycle, manifest }: ManagedInstance): boolean =>
  lifecycle.healthCheck.failures >= upkeepOf(manifest).retries;

/** The one that comes first; null: never. */
export const earlier = (one: Date | null, other: Date | null): Date | null =>
  one === null || (other !== null && other < one) ? other : one;

/** A request nobody has dealt with yet. */
const isNewRequest = ({ lifecycle }: ManagedInstance): boolean =>
  lifecycle.observedGeneration < lifecycle.desired.generation;

const runs = ({ state }: ContainerObservation): boolean => state === 'running' || state === 'paused';

/** One whose companion ended answers nobody. */
const isUp = (container: ContainerObservation | null): container is ContainerObservation =>
  container !== null && runs(container) && hasItsCompanion(container);

/** Somebody started it, or only its companion. */
const isPartlyUp = (container: ContainerObservation | null): boolean =>
  container !== null && (runs(container) || (container.companion != null && hasItsCompanion(container)));

/**
 * One from the warm pool cannot be started again: its folders were renamed, and are no longer where it was made with them. Nor is one
 * with other limits than it was made with.
 */
export const canStart = (container: ContainerObservation | null): boolean =>
  container !== null &&
  container.state !== 'dead' &&
  container.isAltered !== true &&
  container.companion?.state !== 'missing' &&
  container.companion?.state !== 'dead' &&
  !isPoolOwner(container.owner);

/** Somebody started a container from the warm pool again, and its workspace is not the agent's any more. */
function hasLostItsFolders({ lifecycle }: ManagedInstance, container: ContainerObservation): boolean {
  const pid = lifecycle.replicas[0]?.pid ?? null;
  return isPoolOwner(container.owner) && pid !== null && container.pid !== null && container.pid !== pid;
}

/** Its agent knows the newest revision, and is still the process that was told. */
function isUpToDate(instance: ManagedInstance, container: ContainerObservation): boolean {
  const replica: Replica | undefined = instance.lifecycle.replicas[0];
  if (replica?.configuredRevision !== instance.revision) return false;
  return container.pid === null || container.pid === replica.pid;
}
