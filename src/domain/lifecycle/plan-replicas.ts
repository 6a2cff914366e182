import type { ContainerObservation } from '../runtime/container-runtime.js';
import type { ManagedInstance } from './managed-instance.js';
import { earlier, isWantedUp, nextStep, type Outlook, type Step } from './next-step.js';
import { followersOf, hasSpentError, replicaView } from './replicas.js';
import { hasGivenUp } from './restart-policy.js';

/** What is known when deciding for all replicas. */
export interface ReplicasOutlook extends Omit<Outlook, 'container'> {
  /** The containers that were looked at, by replica; null: there is none. */
  readonly containers: ReadonlyMap<number, ContainerObservation | null>;
  /** Replicas with a step in hand: for them nothing else is done meanwhile. @default none */
  readonly inHand?: ReadonlySet<number>;
  /** Until when the first one is left as it is, after a step that could not be done. The others have that on record. @default null */
  readonly firstLeftUntil?: Date | null;
}

export interface ReplicaStep {
  readonly replica: number;
  readonly step: Exclude<Step, { kind: 'rest' }>;
}

export interface ReplicasPlan {
  /** What can be done at the same time, each for another replica. None, with nothing in hand: the instance is at rest. */
  readonly steps: readonly ReplicaStep[];
  /** When the time alone brings something to do; null: never. */
  readonly until: Date | null;
  /** When the failed first replica is tried again; null: it has not failed, or is not. */
  readonly firstRetryAt: Date | null;
}

interface Candidate {
  readonly replica: number;
  readonly step: Step;
}

const NONE: ReadonlySet<number> = new Set();

/**
 * What to do for an instance with all its replicas. Each of them goes its way by itself, but for three things. The others come up
 * once the first one has shown that it runs. A restart takes them one after the other, so that some go on. And the instance is
 * what its first replica is, so that one comes to rest, or to its end, once the others have.
 */
export function planReplicas(outlook: ReplicasOutlook): ReplicasPlan {
  const { inHand = NONE } = outlook;
  const first = inHand.has(0) ? null : firstStep(outlook);
  const others = followersInView(outlook, first)
    .filter((replica) => !inHand.has(replica))
    .map((replica): Candidate => ({ replica, step: followerStep(outlook, replica) }));
  const due = others.filter(isDue);
  const areOthersBusy = due.length > 0 || [...inHand].some((replica) => replica > 0);
  const steps = mayGo(first, outlook, areOthersBusy) ? [{ replica: 0, step: first }] : [];
  const mayRise = mayComeUp(outlook, first);
  const free = due.filter(({ step }) => mayRise || !comesUp(step));
  steps.push(...free.filter(({ step }) => !isRestart(step)));
  if (steps.length === 0 && inHand.size === 0) steps.push(...free.slice(0, 1));
  return { steps, until: soonest(first, others), firstRetryAt: firstRetryAt(outlook) };
}

/** Anything to do, or to write? */
export function needsStep(outlook: ReplicasOutlook): boolean {
  const { lifecycle } = outlook.instance;
  const { observedGeneration, desired, error, state } = lifecycle;
  if (observedGeneration < desired.generation || (error !== null && state !== 'failed')) return true;
  if (followersOf(lifecycle).some((replica) => hasSpentError(replica, outlook.now))) return true;
  return planReplicas(outlook).steps.length > 0;
}

const isDue = (candidate: Candidate): candidate is ReplicaStep => candidate.step.kind !== 'rest';

function firstStep(outlook: ReplicasOutlook): Step {
  const { instance, containers, firstLeftUntil = null } = outlook;
  if (firstLeftUntil !== null) return { kind: 'rest', until: firstLeftUntil };
  return nextStep({ ...outlook, instance: replicaView(instance, 0), container: containers.get(0) });
}

function followerStep(outlook: ReplicasOutlook, replica: number): Step {
  const instance = replicaView(outlook.instance, replica);
  const { state, retryAt, observedGeneration, desired } = instance.lifecycle;
  const isNew = observedGeneration < desired.generation;
  if (state !== 'failed' && !isNew && retryAt !== null && retryAt > outlook.now)
    return { kind: 'rest', until: retryAt };
  return nextStep({ ...outlook, instance, container: outlook.containers.get(replica) });
}

/** Those that are there, and those that are to be: what does not run once does not run ten times. */
function followersInView(outlook: ReplicasOutlook, first: Step | null): readonly number[] {
  const { instance } = outlook;
  const there = followersOf(instance.lifecycle).map(({ index }) => index);
  if (!isWantedUp(instance) || !doesFirstRun(outlook, first)) return there;
  const wanted = Array.from({ length: Math.max(0, instance.lifecycle.desired.replicas - 1) }, (_, at) => at + 1).filter(
    (index) => isWantedUp(replicaView(instance, index)),
  );
  return [...new Set([...wanted, ...there])].sort((a, b) => a - b);
}

/** It was seen to run, and goes on. */
function doesFirstRun({ instance, containers }: ReplicasOutlook, first: Step | null): boolean {
  const { state } = instance.lifecycle;
  const seen = containers.get(0)?.state;
  const isUp = (state === 'running' || state === 'paused') && (seen === 'running' || seen === 'paused');
  return isUp && first?.kind !== 'move' && first?.kind !== 'fail';
}

/**
 * May others come up? Not before the first one where that is on its way for a new request, for it shows whether that can be done; nor
 * while it may be running its hooks, which fill folders that all of them share. Where it fails by itself they go on without it.
 */
function mayComeUp(outlook: ReplicasOutlook, first: Step | null): boolean {
  const { lifecycle, manifest } = outlook.instance;
  if (doesFirstRun(outlook, first)) return true;
  if (lifecycle.observedGeneration < lifecycle.desired.generation) return false;
  return manifest.hooks === undefined || lifecycle.state === 'failed';
}

/** With it something starts, or is taken down to be started anew. */
const comesUp = (step: Step): boolean =>
  step.kind === 'create' ||
  step.kind === 'reuse' ||
  step.kind === 'launch' ||
  (step.kind === 'move' && step.to === 'creating') ||
  isRestart(step);

const isRestart = (step: Step): boolean => step.kind === 'move' && step.reason === 'restart-requested';

function mayGo(
  first: Step | null,
  { instance }: ReplicasOutlook,
  areOthersBusy: boolean,
): first is ReplicaStep['step'] {
  if (first === null || first.kind === 'rest') return false;
  if (!isLast(first, instance)) return true;
  // A container that cannot be stopped just now does not keep the first one's from it.
  return !areOthersBusy && (first.kind === 'stop' || followersOf(instance.lifecycle).length === 0);
}

/** With this the instance comes to rest, or to its end, or to another workspace. */
function isLast({ kind }: Step, instance: ManagedInstance): boolean {
  return kind === 'retire' || kind === 'remove' || kind === 'seed' || (kind === 'stop' && !isWantedUp(instance));
}

function soonest(first: Step | null, others: readonly Candidate[]): Date | null {
  const untilOf = (step: Step | null): Date | null => (step?.kind === 'rest' ? step.until : null);
  return others.reduce((until, { step }) => earlier(until, untilOf(step)), untilOf(first));
}

function firstRetryAt({ instance, policy, now }: ReplicasOutlook): Date | null {
  const { state, desired, failures, error, retryAt } = replicaView(instance, 0).lifecycle;
  const isTried = state === 'failed' && (desired.state === 'removed' || !hasGivenUp({ failures, error }, policy));
  return isTried && retryAt !== null && retryAt > now ? retryAt : null;
}
