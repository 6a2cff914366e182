import type { ProblemCode } from '../errors/problem-catalogue.js';
import type { ContainerObservation } from '../runtime/container-runtime.js';
import { endedCode, isEndedCode } from './ended-by-itself.js';
import type { DesiredState, LifecycleState } from './lifecycle-states.js';
import type { Replica } from './lifecycle.js';
import type { ManagedInstance } from './managed-instance.js';
import { hasGivenUp, type RestartPolicy } from './restart-policy.js';

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
  | 'agent-healthy'
  | 'container-paused'
  | 'container-resumed'
  | 'container-stopped'
  | 'container-removed'
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
  /** Somebody paused, resumed or started it behind Muster's back: undo that; the state stays. */
  | { readonly kind: 'undo'; readonly by: 'pause' | 'unpause' | 'stop' }
  /** → stopped */
  | { readonly kind: 'stop' }
  /** Take the container away and keep the workspace → disabled. */
  | { readonly kind: 'retire' }
  /** → removed */
  | { readonly kind: 'remove' };

/** What is known when deciding. */
export interface Outlook {
  readonly instance: ManagedInstance;
  /** The container of replica 0 as just seen; null: there is none; undefined: nobody has looked. */
  readonly container: ContainerObservation | null | undefined;
  readonly now: Date;
  readonly policy: RestartPolicy;
}

const REST: Step = { kind: 'rest', until: null };
const LOOK: Step = { kind: 'look' };

const move = (to: LifecycleState, reason: TransitionReason = 'requested'): Step => ({ kind: 'move', to, reason });

/** What to do for an instance. Pure: the same outlook always gives the same step. */
export function nextStep(outlook: Outlook): Step {
  const { state, desired } = outlook.instance.lifecycle;
  if (desired.state === 'removed' && state !== 'removing' && state !== 'removed') return towardsRemoval(outlook);
  return STEPS[state](outlook);
}

const STEPS: Record<LifecycleState, (outlook: Outlook) => Step> = {
  enabled: (outlook) => {
    if (isWanted(outlook, 'disabled')) return move('disabled');
    return isWantedUp(outlook) ? move('creating') : REST;
  },
  disabled: (outlook) => (isWanted(outlook, 'disabled') ? REST : move('enabled')),
  creating: (outlook) => (isWantedUp(outlook) ? { kind: 'create' } : move('stopping')),
  starting: (outlook) => {
    const { container } = outlook;
    if (!isWantedUp(outlook)) return move('stopping');
    if (container === undefined) return LOOK;
    // One that exited may have been stopped before: only starting it shows whether it can run.
    return container === null || container.state === 'dead'
      ? { kind: 'fail', code: 'CONTAINER_START_FAILED' }
      : { kind: 'launch' };
  },
  running: (outlook) => {
    const { container, instance } = outlook;
    const wanted = leavingUp(outlook);
    if (wanted !== null) return wanted;
    if (container === undefined) return LOOK;
    if (!isUp(container)) return gone(outlook);
    if (instance.lifecycle.desired.state === 'paused') return { kind: 'pause' };
    if (container.state === 'paused') return { kind: 'undo', by: 'unpause' };
    return isUpToDate(instance, container) ? REST : { kind: 'configure' };
  },
  paused: (outlook) => {
    const { container, instance } = outlook;
    const wanted = leavingUp(outlook);
    if (wanted !== null) return wanted;
    if (container === undefined) return LOOK;
    if (!isUp(container)) return gone(outlook);
    if (instance.lifecycle.desired.state === 'running') return { kind: 'resume' };
    return container.state === 'paused' ? REST : { kind: 'undo', by: 'pause' };
  },
  stopping: () => ({ kind: 'stop' }),
  stopped: (outlook) => {
    const { container } = outlook;
    if (isWanted(outlook, 'disabled')) return { kind: 'retire' };
    if (container === undefined) return LOOK;
    if (!isWantedUp(outlook)) return isUp(container) ? { kind: 'undo', by: 'stop' } : REST;
    return canStart(container) ? { kind: 'reuse' } : move('creating', 'container-missing');
  },
  failed: (outlook) => {
    const { container, instance, now, policy } = outlook;
    const { error, retryAt } = instance.lifecycle;
    if (!isWantedUp(outlook)) {
      if (container === undefined) return LOOK;
      return isUp(container) ? { kind: 'undo', by: 'stop' } : move('stopped');
    }
    if (!isNewRequest(instance)) {
      if (hasGivenUp(instance.lifecycle, policy)) return REST;
      if (retryAt !== null && retryAt > now) return { kind: 'rest', until: retryAt };
    }
    // What ran well before it ended may run well again; anything else begins afresh.
    if (error === null || !isEndedCode(error.code)) return move('creating', 'retry');
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
  if (!isWantedUp(outlook)) return move('stopping');
  return replicas[0]?.restartToken === desired.restartToken ? null : move('stopping', 'restart-requested');
}

/** It ended, or was taken away: the agent's failure, unless the engine was away meanwhile. */
function gone({ instance, container }: Outlook): Step {
  return instance.lifecycle.error?.code === 'RUNTIME_UNAVAILABLE'
    ? move('stopping', 'engine-outage')
    : { kind: 'fail', code: container ? endedCode(container) : 'CONTAINER_EXITED' };
}

const isWanted = ({ instance }: Outlook, state: DesiredState): boolean => instance.lifecycle.desired.state === state;

function isWantedUp({ instance }: Outlook): boolean {
  const { state } = instance.lifecycle.desired;
  return state === 'running' || state === 'paused';
}

/** A request nobody has dealt with yet. */
const isNewRequest = ({ lifecycle }: ManagedInstance): boolean =>
  lifecycle.observedGeneration < lifecycle.desired.generation;

const isUp = (container: ContainerObservation | null): container is ContainerObservation =>
  container?.state === 'running' || container?.state === 'paused';

const canStart = (container: ContainerObservation | null): boolean => container !== null && container.state !== 'dead';

/** Its agent knows the newest revision, and is still the process that was told. */
function isUpToDate(instance: ManagedInstance, container: ContainerObservation): boolean {
  const replica: Replica | undefined = instance.lifecycle.replicas[0];
  if (replica?.configuredRevision !== instance.revision) return false;
  return container.pid === null || container.pid === replica.pid;
}
