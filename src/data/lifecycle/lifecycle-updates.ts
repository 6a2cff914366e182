import { Types } from 'mongoose';
import type { Actor } from '../../domain/events/actor.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import type { RunId } from '../../domain/ids.js';
import type { TransitionChange } from '../../domain/lifecycle/lifecycle-records.js';
import { ACTIONS, type LifecycleAction } from '../../domain/lifecycle/lifecycle-states.js';
import type { Replica, Transition } from '../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
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
      // Until it is settled it is due, so that others find it when its holder dies. What failed keeps its wait.
      'lifecycle.retryAt': ifFree(
        {
          $cond: [
            { $eq: ['$lifecycle.state', 'failed'] },
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

/** The event's generation is the one that this write makes. */
export function wantOther(action: LifecycleAction, actor: Actor, event: DomainEvent<'lifecycle.requested'>): Pipeline {
  const generation = { $add: ['$lifecycle.desired.generation', 1] };
  const record = toOutboxRecord(event);
  const inOutbox = {
    $mergeObjects: [literal(record), { data: { $mergeObjects: [literal(record.data), { generation }] } }],
  };
  return [
    {
      $set: {
        outbox: append('outbox', inOutbox),
        'lifecycle.desired.state': literal(ACTIONS[action]),
        'lifecycle.desired.generation': generation,
        'lifecycle.desired.restartToken': { $add: ['$lifecycle.desired.restartToken', action === 'restart' ? 1 : 0] },
        'lifecycle.desired.requestedAt': '$$NOW',
        'lifecycle.desired.requestedBy': literal(actor),
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
  const transition: Transition = { from: change.from, to, at: event.at, reason: change.reason };
  const set: Record<string, unknown> = {
    ...replicaFields(replicaAfter(instance, change)),
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
  set['lifecycle.healthCheck'] = {
    dueAt: to === 'running' ? fromNow(upkeepOf(instance.manifest).intervalMs) : null,
    failures: 0,
    detail: null,
  };
  if (to === 'running') set['lifecycle.sleep'] = null;
  if (to === 'removed') Object.assign(set, { removedAt: '$$NOW', openRuns: [], status: 'idle' });
  return [{ $set: set }];
}

/** A replica, and the fields of the instance that mirror it. */
export function replicaFields(replica: Replica | null): Record<string, unknown> {
  return {
    'lifecycle.replicas': literal(replica === null ? [] : [replica]),
    'lifecycle.containerId': literal(replica?.containerId ?? null),
    'lifecycle.containerName': literal(replica?.containerName ?? null),
    'lifecycle.startedAt': literal(replica?.startedAt ?? null),
    pid: literal(replica?.pid ?? null),
  };
}

function replicaAfter(instance: ManagedInstance, change: TransitionChange): Replica | null {
  const replica = change.replica === undefined ? (instance.lifecycle.replicas[0] ?? null) : change.replica;
  if (replica === null) return null;
  const isUp = change.to === 'running' || change.to === 'paused';
  return isUp
    ? { ...replica, state: change.to }
    : { ...replica, state: change.to, pid: null, startedAt: null, health: 'unknown' };
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
