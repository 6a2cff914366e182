import type { Actor } from '../../domain/events/actor.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import type { TransitionChange } from '../../domain/lifecycle/lifecycle-records.js';
import type { HealthFinding } from '../../domain/lifecycle/upkeep-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { toOutboxRecord } from '../outbox/outbox.schema.js';
import { append, changeState, fromNow, literal, type Pipeline } from './lifecycle-updates.js';

/** Those that are still believed to go on, without the one that is just told of. */
const otherUses = (useId: string): object => ({
  $filter: {
    input: { $ifNull: ['$lifecycle.uses', []] },
    as: 'use',
    cond: { $and: [{ $ne: ['$$use.id', literal(useId)] }, { $gt: ['$$use.until', '$$NOW'] }] },
  },
});

const IS_ASLEEP = { $eq: ['$lifecycle.sleep', 'asleep'] };

const ifAsleep = (value: unknown, field: string): object => ({ $cond: [IS_ASLEEP, value, `$lifecycle.${field}`] });

/** One that sleeps is due at once, whatever it failed in before. */
export const withUse = (useId: string, ttlMs: number): Pipeline => [
  {
    $set: {
      'lifecycle.uses': { $concatArrays: [otherUses(useId), [{ id: literal(useId), until: fromNow(ttlMs) }]] },
      'lifecycle.lastUsedAt': '$$NOW',
      'lifecycle.sleep': ifAsleep('waking', 'sleep'),
      'lifecycle.retryAt': ifAsleep('$$NOW', 'retryAt'),
      'lifecycle.failures': ifAsleep(0, 'failures'),
    },
  },
];

export const withUsesRenewed = (useIds: readonly string[], ttlMs: number): Pipeline => [
  {
    $set: {
      'lifecycle.uses': {
        $map: {
          input: '$lifecycle.uses',
          as: 'use',
          in: {
            $cond: [{ $in: ['$$use.id', literal(useIds)] }, { id: '$$use.id', until: fromNow(ttlMs) }, '$$use'],
          },
        },
      },
      'lifecycle.lastUsedAt': '$$NOW',
    },
  },
];

export const withoutUse = (useId: string): Pipeline => [
  { $set: { 'lifecycle.uses': otherUses(useId), 'lifecycle.lastUsedAt': '$$NOW' } },
];

type Transitioned = DomainEvent<'lifecycle.transitioned'>;

export function putToSleep(instance: ManagedInstance, change: TransitionChange, event: Transitioned): Pipeline {
  return [...changeState(instance, change, event), { $set: { 'lifecycle.sleep': 'asleep' } }];
}

/** Nobody asks for it but Muster: the generation rises all the same, so that who waits for something else hears of it. */
export function wantRemoved(
  instance: ManagedInstance,
  change: TransitionChange,
  event: Transitioned,
  actor: Actor,
): Pipeline {
  return [
    ...changeState(instance, change, event),
    {
      $set: {
        'lifecycle.desired.state': 'removed',
        'lifecycle.desired.generation': { $add: ['$lifecycle.desired.generation', 1] },
        'lifecycle.desired.requestedAt': '$$NOW',
        'lifecycle.desired.requestedBy': literal(actor),
      },
    },
  ];
}

/** What else it is due for stays; it is looked at when the new time is over at the latest. */
export function withTimeLeft(ttlSeconds: number, event: DomainEvent<'lifecycle.renewed'>): Pipeline {
  const expiresAt = fromNow(ttlSeconds * 1000);
  return [
    {
      $set: {
        outbox: append('outbox', literal(toOutboxRecord(event))),
        'lifecycle.expiresAt': expiresAt,
        'lifecycle.retryAt': { $min: [{ $ifNull: ['$lifecycle.retryAt', expiresAt] }, expiresAt] },
      },
    },
  ];
}

/** Of the time from one check to the next. */
const TOGETHER = 1 / 5;

/**
 * When the next check is due, `inMs` from now: at a multiple of a fifth of that. So checks that are made as often become due together, and an idle
 * Muster wakes for some of them at once, not for each.
 */
export function nextCheckAt(inMs: number): object {
  const step = Math.max(1, Math.round(inMs * TOGETHER));
  const from = { $toLong: fromNow(inMs + Math.round(step / 2)) };
  return { $toDate: { $subtract: [from, { $mod: [from, step] }] } };
}

/** What a check has shown of a replica beside the first. */
export function replicaHealth({ replica, fault, forgetsFailures }: HealthFinding): Pipeline {
  const failures = fault === null ? 0 : { $add: ['$$replica.condition.healthCheck.failures', 1] };
  const condition = {
    healthCheck: { failures, detail: literal(fault) },
    ...(forgetsFailures ? { failures: 0 } : {}),
  };
  const seen = {
    health: fault === null ? 'healthy' : 'unhealthy',
    condition: { $mergeObjects: ['$$replica.condition', condition] },
  };
  return [
    {
      $set: {
        'lifecycle.replicas': {
          $map: {
            input: '$lifecycle.replicas',
            as: 'replica',
            in: {
              $cond: [{ $eq: ['$$replica.index', replica] }, { $mergeObjects: ['$$replica', seen] }, '$$replica'],
            },
          },
        },
      },
    },
  ];
}
