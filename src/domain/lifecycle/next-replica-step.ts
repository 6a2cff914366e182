import type { ContainerObservation } from '../runtime/container-runtime.js';
import type { ManagedInstance } from './managed-instance.js';
import { earlier, isWantedUp, nextStep, type Outlook, type Step } from './next-step.js';
import { followersOf, hasSpentError, replicaView } from './replicas.js';
import { hasGivenUp } from './restart-policy.js';

/** What is known when deciding for all replicas: the containers that were looked at, by replica; null: there is none. */
export interface ReplicasOutlook extends Omit<Outlook, 'container'> {
  readonly containers: ReadonlyMap<number, ContainerObservation | null>;
}

export interface ReplicaStep {
  /** Rest is of all of them, and has replica 0. */
  readonly replica: number;
  readonly step: Step;
}

/**
 * What to do for an instance with all its replicas, one step at a time. The instance is what its first replica is, so that goes
 * first, but for its end: it comes to rest once the others have. One that waits for another attempt, or has given up, holds up nobody.
 */
export function nextReplicaStep(outlook: ReplicasOutlook): ReplicaStep {
  const { instance, containers } = outlook;
  const lead = nextStep({ ...outlook, container: containers.get(0) });
  if (lead.kind !== 'rest' && !isLast(lead, instance)) return { replica: 0, step: lead };
  let until: Date | null = null;
  for (const replica of followersInView(instance)) {
    const step = followerStep(outlook, replica);
    if (step.kind !== 'rest') return { replica, step };
    until = earlier(until, step.until);
  }
  if (lead.kind === 'rest') {
    return { replica: 0, step: { kind: 'rest', until: waits(outlook) ? lead.until : earlier(lead.until, until) } };
  }
  const isInTheWay = lead.kind !== 'stop' && followersOf(instance.lifecycle).length > 0;
  return { replica: 0, step: isInTheWay ? { kind: 'rest', until } : lead };
}

/** Anything to do, or to write? */
export function needsStep(outlook: ReplicasOutlook): boolean {
  const { lifecycle } = outlook.instance;
  const { observedGeneration, desired, error, state } = lifecycle;
  if (observedGeneration < desired.generation || (error !== null && state !== 'failed')) return true;
  if (followersOf(lifecycle).some((replica) => hasSpentError(replica, outlook.now))) return true;
  return nextReplicaStep(outlook).step.kind !== 'rest';
}

/** With this the instance comes to rest, or to its end, or to another workspace. */
function isLast({ kind }: Step, instance: ManagedInstance): boolean {
  return kind === 'retire' || kind === 'remove' || kind === 'seed' || (kind === 'stop' && !isWantedUp(instance));
}

/** Those that are there, and those that are to be: a first replica that does not run shows whether others can. */
function followersInView(instance: ManagedInstance): readonly number[] {
  const { state, desired } = instance.lifecycle;
  const there = followersOf(instance.lifecycle).map(({ index }) => index);
  if (!isWantedUp(instance) || (state !== 'running' && state !== 'paused')) return there;
  const wanted = Array.from({ length: Math.max(0, desired.replicas - 1) }, (_, at) => at + 1);
  return [...new Set([...wanted, ...there])].sort((a, b) => a - b);
}

function followerStep(outlook: ReplicasOutlook, replica: number): Step {
  const instance = replicaView(outlook.instance, replica);
  const { state, retryAt, observedGeneration, desired } = instance.lifecycle;
  const isNew = observedGeneration < desired.generation;
  if (state !== 'failed' && !isNew && retryAt !== null && retryAt > outlook.now)
    return { kind: 'rest', until: retryAt };
  return nextStep({ ...outlook, instance, container: outlook.containers.get(replica) });
}

/** When the instance is due is then when its first replica is tried again: others that are due before are tried with it. */
const waits = ({ instance: { lifecycle }, policy }: ReplicasOutlook): boolean =>
  lifecycle.state === 'failed' && (lifecycle.desired.state === 'removed' || !hasGivenUp(lifecycle, policy));
