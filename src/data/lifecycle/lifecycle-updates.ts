import { Types } from 'mongoose';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import type { RunId } from '../../domain/ids.js';
import type { ReplicaChange, TransitionChange } from '../../domain/lifecycle/lifecycle-records.js';
import { ACTIONS, PRESENT_STATES } from '../../domain/lifecycle/lifecycle-states.js';
import type {
  Lifecycle,
  LifecycleError,
  LifecycleRequest,
  Replica,
  Transition,
} from '../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { requestOf } from '../../domain/lifecycle/request-of.js';
import { followersOf, replicaIn } from '../../domain/lifecycle/replicas.js';
import { upkeepOf } from '../../domain/lifecycle/upkeep.js';
import { toOutboxRecord } from '../outbox/outbox.schema.js';

/** An update as an aggregation pipeline: the only kind that can use $$NOW and what the document holds. */
export type Pipeline = Record<string, unknown>[];

/** How many transitions an instance remembers. */
const TRANSITIONS_KEPT = 20;

/** A value that is not to be read as an expression, even where it begins with `$`. */
export const literal = (value: unknown): Record<string, unknown> => ({ $literal: value });

export const append = (field: string, item: unknown): Record<string, unknown> => ({
  $concatArrays: [`$${field}`, [item]],
});

export const fromNow = (ms: number): Record<string, unknown> => ({ $add: ['$$NOW', ms] });

/** What the agent does, told by its open runs. */
const STATUS_BY_RUNS = { $cond: [{ $gt: [{ $size: '$openRuns' }, 0] }, 'busy', 'idle'] };

/** Nobody holds the lease, by the database's clock. */
const LEASE_IS_FREE = { $lte: [{ $ifNull: ['$lifecycle.lease.until', new Date(0)] }, '$$NOW'] };

const ifFree = (value: unknown, otherwise: string): Record<string, unknown> => ({
  $cond: [LEASE_IS_FREE, value, otherwise],
});

/**
 * Takes the lease if it is free; the result's owner says whether it was. (Decided here and not in the filter, because
 * DocumentDB takes $$NOW in an update's filter only while the collection has no index.)
 */
export const takeLease = (owner: string, ttlMs: number): Pipeline => [
  {
    $set: {
      'lifecycle.lease': ifFree(
        {
          owner: literal(owner),
          epoch: { $add: [{ $ifNull: ['$lifecycle.lease.epoch', 0] }, 1] },
          until: fromNow(ttlMs),
        },
        '$lifecycle.lease',
      ),
      // Until it is settled it is due, so that others find it when its holder dies. What failed keeps its wait, which stands here or beside.
      'lifecycle.retryAt': ifFree(
        {
          $cond: [
            {
              $and: [
                { $eq: ['$lifecycle.state', 'failed'] },
                { $eq: [{ $ifNull: ['$lifecycle.firstRetryAt', null] }, null] },
              ],
            },
            { $ifNull: ['$lifecycle.retryAt', '$$NOW'] },
            { $min: [{ $ifNull: ['$lifecycle.retryAt', '$$NOW'] }, '$$NOW'] },
          ],
        },
        '$lifecycle.retryAt',
      ),
    },
  },
];

export const extendLease = (ttlMs: number): Pipeline => [{ $set: { 'lifecycle.lease.until': fromNow(ttlMs) } }];

/** The event's generation and desired state are those that this write makes. */
export function wantOther(event: DomainEvent<'lifecycle.requested'>): Pipeline {
  const { actor, data } = event;
  const { action, replicas } = data;
  const generation = { $add: ['$lifecycle.desired.generation', 1] };
  const desired = ACTIONS[action] === null ? '$lifecycle.desired.state' : literal(ACTIONS[action]);
  const record = toOutboxRecord(event);
  const inOutbox = {
    $mergeObjects: [literal(record), { data: { $mergeObjects: [literal(record.data), { generation, desired }] } }],
  };
  return [
    {
      $set: {
        outbox: append('outbox', inOutbox),
        'lifecycle.desired.state': desired,
        ...(replicas === undefined ? {} : { 'lifecycle.desired.replicas': literal(replicas) }),
        'lifecycle.desired.generation': generation,
        'lifecycle.desired.restartToken': { $add: ['$lifecycle.desired.restartToken', action === 'restart' ? 1 : 0] },
        'lifecycle.desired.requestedAt': '$$NOW',
        'lifecycle.desired.requestedBy': literal(actor),
        'lifecycle.request': { $mergeObjects: [literal(requestOf(event)), { generation }] },
        'lifecycle.failures': 0,
        'lifecycle.retryAt': '$$NOW',
        'lifecycle.sleep': null,
        // Asked to run is as good as used: it does not fall asleep again at once.
        'lifecycle.lastUsedAt': '$$NOW',
      },
    },
  ];
}

/** `instance` is as its lease holder, the only one who writes these fields, last saw it. */
export function changeState(
  instance: ManagedInstance,
  change: TransitionChange,
  event: DomainEvent<'lifecycle.transitioned'>,
): Pipeline {
  const { to } = change;
  const request = newRequest(instance.lifecycle);
  const transition: Transition = {
    from: change.from,
    to,
    at: event.at,
    reason: change.reason,
    ...(request === null ? {} : { request }),
  };
  const set: Record<string, unknown> = {
    ...firstReplica(replicaAfter(instance, change)),
    outbox: append('outbox', literal(toOutboxRecord(event))),
    'lifecycle.state': literal(to),
    'lifecycle.transitions': {
      $slice: [append('lifecycle.transitions', literal(transition)), -TRANSITIONS_KEPT],
    },
    status: to === 'failed' ? 'error' : STATUS_BY_RUNS,
  };
  for (const field of ['error', 'failures', 'retryAt', 'observedGeneration', 'image'] as const) {
    if (change[field] !== undefined) set[`lifecycle.${field}`] = literal(change[field]);
  }
  const nextCheck = fromNow(upkeepOf(instance.manifest).intervalMs);
  const othersRun = followersOf(instance.lifecycle).some(({ state }) => state === 'running');
  set['lifecycle.healthCheck'] = {
    dueAt: to === 'running' ? nextCheck : othersRun ? { $ifNull: ['$lifecycle.healthCheck.dueAt', nextCheck] } : null,
    failures: 0,
    detail: null,
  };
  if (instance.lifecycle.firstRetryAt) set['lifecycle.firstRetryAt'] = null;
  if (to === 'running') set['lifecycle.sleep'] = null;
  if (to === 'removed') Object.assign(set, { removedAt: '$$NOW', openRuns: [], status: 'idle' });
  return [{ $set: set }];
}

/** What was asked for, until it is shown with a transition. */
function newRequest({ request, desired, observedGeneration, transitions }: Lifecycle): LifecycleRequest | null {
  // One that something else than an action has replaced is history, and so is one that was dealt with.
  if (request?.generation !== desired.generation || observedGeneration >= desired.generation) return null;
  return transitions.some(({ request: shown }) => shown?.generation === request.generation) ? null : request;
}

/** `instance` as for changeState. */
export function changeReplica(
  { lifecycle, manifest }: ManagedInstance,
  { index, to, replica }: ReplicaChange,
  event: DomainEvent<'lifecycle.replica-transitioned'>,
): Pipeline {
  const others = followersOf(lifecycle).filter((other) => other.index !== index);
  const runs = [lifecycle.state, to, ...others.map(({ state }) => state)].includes('running');
  const nextCheck = { $ifNull: ['$lifecycle.healthCheck.dueAt', fromNow(upkeepOf(manifest).intervalMs)] };
  return [
    {
      $set: {
        'lifecycle.replicas': withReplica(index, replica),
        'lifecycle.healthCheck.dueAt': runs ? nextCheck : null,
        outbox: append('outbox', literal(toOutboxRecord(event))),
      },
    },
  ];
}

/** A replica as it is now, and the fields of the instance where they mirror it. */
export const replicaFields = (replica: Replica): Record<string, unknown> =>
  replica.index === 0 ? firstReplica(replica) : { 'lifecycle.replicas': withReplica(replica.index, replica) };

/** A replica in place of what it was, or nothing; the others stay as they are in the document. */
function withReplica(index: number, replica: Replica | null): Record<string, unknown> {
  const others = (order: '$lt' | '$gt'): Record<string, unknown> => ({
    $filter: { input: '$lifecycle.replicas', as: 'replica', cond: { [order]: ['$$replica.index', index] } },
  });
  return { $concatArrays: [others('$lt'), literal(replica === null ? [] : [replica]), others('$gt')] };
}

/** Replica 0, and the fields of the instance that mirror it. */
export function firstReplica(replica: Replica | null): Record<string, unknown> {
  return {
    'lifecycle.replicas': withReplica(0, replica),
    'lifecycle.containerId': literal(replica?.containerId ?? null),
    'lifecycle.containerName': literal(replica?.containerName ?? null),
    'lifecycle.startedAt': literal(replica?.startedAt ?? null),
    pid: literal(replica?.pid ?? null),
  };
}

/** Shown with what has a container and shows none: each replica by itself. */
export function markUnavailable(error: LifecycleError): Pipeline {
  const isSilent = (of: string, field: string): Record<string, unknown> => ({
    $and: [{ $in: [`${of}.state`, PRESENT_STATES] }, { $eq: [{ $ifNull: [`${of}.${field}`, null] }, null] }],
  });
  const shown = { $mergeObjects: ['$$replica.condition', { error: literal(error) }] };
  return [
    {
      $set: {
        'lifecycle.error': { $cond: [isSilent('$lifecycle', 'error'), literal(error), '$lifecycle.error'] },
        'lifecycle.replicas': {
          $map: {
            input: '$lifecycle.replicas',
            as: 'replica',
            in: {
              $cond: [
                { $and: [{ $gt: ['$$replica.index', 0] }, isSilent('$$replica', 'condition.error')] },
                { $mergeObjects: ['$$replica', { condition: shown }] },
                '$$replica',
              ],
            },
          },
        },
      },
    },
  ];
}

function replicaAfter(instance: ManagedInstance, change: TransitionChange): Replica | null {
  const known = instance.lifecycle.replicas.find(({ index }) => index === 0) ?? null;
  const replica = change.replica === undefined ? known : change.replica;
  return replica === null ? null : replicaIn(change.to, replica);
}

export const withoutRun = (runId: RunId): Pipeline => [
  {
    $set: {
      openRuns: {
        $filter: { input: '$openRuns', as: 'run', cond: { $ne: ['$$run', new Types.ObjectId(runId)] } },
      },
      'lifecycle.lastUsedAt': '$$NOW',
    },
  },
  { $set: { status: { $cond: [{ $eq: ['$lifecycle.state', 'failed'] }, 'error', STATUS_BY_RUNS] } } },
];
