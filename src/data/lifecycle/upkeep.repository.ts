import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { randomUUID } from 'node:crypto';
import { Types, type Model } from 'mongoose';
import { InvalidTransitionError } from '../../domain/errors/invalid-transition.error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import { systemActor, type Actor } from '../../domain/events/actor.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import type { AgentInstanceId } from '../../domain/ids.js';
import type { Changed, HeldLease, InstancePath, TransitionChange } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import type { TransitionReason } from '../../domain/lifecycle/next-step.js';
import type { LifecycleState } from '../../domain/lifecycle/lifecycle-states.js';
import { UpkeepRecords, type HealthFinding } from '../../domain/lifecycle/upkeep-records.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { outboxHasRoom } from '../outbox/outbox.schema.js';
import { healthCheckDue, MAY_SERVE } from './due-filters.js';
import type { Pipeline } from './lifecycle-updates.js';
import { byLease, byPath, lifecycleEvent, ManagedDocuments, WHAT } from './managed-documents.js';
import {
  nextCheckAt,
  putToSleep,
  wantRemoved,
  replicaHealth,
  withoutUse,
  withTimeLeft,
  withUse,
  withUsesRenewed,
} from './upkeep-updates.js';

const RECONCILER = systemActor('reconciler');
/** Who made the last check due: tells, where two Musters met, who has which. */
const TAKER = 'lifecycle.healthCheck.taker';

@Injectable()
export class MongoUpkeepRecords extends UpkeepRecords {
  private readonly documents: ManagedDocuments;

  constructor(@InjectModel(AGENT_INSTANCE_MODEL) model: Model<AgentInstanceRecord>) {
    super();
    this.documents = new ManagedDocuments(model);
  }

  async beginUse(path: InstancePath, useId: string, ttlMs: number): Promise<ManagedInstance> {
    const used = await this.documents.change(
      {
        ...byPath(path),
        'lifecycle.desired.state': 'running',
        $or: [...MAY_SERVE, { 'lifecycle.sleep': { $in: ['asleep', 'waking'] } }],
      },
      withUse(useId, ttlMs),
    );
    if (used !== null) return used;
    throw new AgentNotRunningError(path.id, (await this.documents.get(path)).lifecycle.state);
  }

  async renewUses(ids: readonly AgentInstanceId[], useIds: readonly string[], ttlMs: number): Promise<void> {
    const filter = { _id: { $in: ids.map((id) => new Types.ObjectId(id)) }, 'lifecycle.uses.id': { $in: useIds } };
    await this.documents.collection.updateMany(filter, withUsesRenewed(useIds, ttlMs));
  }

  async endUse(id: AgentInstanceId, useId: string): Promise<void> {
    const filter = { _id: new Types.ObjectId(id), 'lifecycle.uses.id': useId };
    await this.documents.collection.updateOne(filter, withoutUse(useId));
  }

  async fallAsleep(lease: HeldLease, instance: ManagedInstance): Promise<Changed | null> {
    return this.unlessUsed(lease, instance, 'stopping', 'idle', {}, putToSleep);
  }

  async expire(lease: HeldLease, instance: ManagedInstance): Promise<Changed | null> {
    const { expiresAt } = instance.lifecycle;
    const filter = { 'lifecycle.expiresAt': expiresAt };
    return this.unlessUsed(lease, instance, 'removing', 'ttl-expired', filter, (seen, change, event) =>
      wantRemoved(seen, change, event, RECONCILER),
    );
  }

  async renew(path: InstancePath, ttlSeconds: number, actor: Actor): Promise<Changed> {
    const event = lifecycleEvent('lifecycle.renewed', path, actor, { instanceId: path.id, ttlSeconds });
    const instance = await this.documents.change(
      { ...byPath(path), 'lifecycle.desired.state': { $ne: 'removed' }, ...outboxHasRoom(OUTBOX_LIMIT) },
      withTimeLeft(ttlSeconds, event),
    );
    if (instance !== null) return { instance, event };
    const { desired } = (await this.documents.get(path)).lifecycle;
    if (desired.state === 'removed') throw new InvalidTransitionError(`The agent ${path.id}`, 'removing', 'renewed');
    throw new OutboxFullError(WHAT, path.id);
  }

  /** All in one command: fifty agents are otherwise as many writes in each interval, though nothing happens. */
  async takeHealthChecks(
    limit: number,
    nextInMs: (instance: ManagedInstance) => number,
  ): Promise<readonly ManagedInstance[]> {
    const due = await this.documents.read(healthCheckDue(new Date()), limit, { 'lifecycle.healthCheck.dueAt': 1 });
    if (due.length === 0) return [];
    const taker = randomUUID();
    const { matchedCount } = await this.documents.collection.bulkWrite(
      due.map((seen) => ({
        updateOne: {
          filter: {
            _id: new Types.ObjectId(seen.id),
            'lifecycle.healthCheck.dueAt': seen.lifecycle.healthCheck.dueAt,
          },
          update: [{ $set: { 'lifecycle.healthCheck.dueAt': nextCheckAt(nextInMs(seen)), [TAKER]: taker } }],
        },
      })),
      { ordered: false },
    );
    if (matchedCount === due.length) return due;
    return this.documents.read({ _id: { $in: due.map(({ id }) => new Types.ObjectId(id)) }, [TAKER]: taker });
  }

  async noteHealth(id: AgentInstanceId, finding: HealthFinding): Promise<ManagedInstance | null> {
    const { replica, containerId, fault, forgetsFailures } = finding;
    if (replica > 0) {
      const isIt = { $elemMatch: { index: replica, containerId, state: 'running' } };
      return this.documents.change({ _id: new Types.ObjectId(id), 'lifecycle.replicas': isIt }, replicaHealth(finding));
    }
    const filter = {
      _id: new Types.ObjectId(id),
      'lifecycle.state': 'running',
      'lifecycle.containerId': containerId,
      'lifecycle.replicas.0.containerId': containerId,
    };
    if (fault === null) {
      return this.documents.change(filter, {
        $set: {
          'lifecycle.replicas.0.health': 'healthy',
          'lifecycle.healthCheck.failures': 0,
          'lifecycle.healthCheck.detail': null,
          ...(forgetsFailures ? { 'lifecycle.failures': 0 } : {}),
        },
      });
    }
    return this.documents.change(filter, {
      $set: { 'lifecycle.replicas.0.health': 'unhealthy', 'lifecycle.healthCheck.detail': fault },
      $inc: { 'lifecycle.healthCheck.failures': 1 },
    });
  }

  /** Every use moves lastUsedAt and every request the generation: while both are as seen, nobody has come in between. */
  private async unlessUsed(
    lease: HeldLease,
    instance: ManagedInstance,
    to: LifecycleState,
    reason: TransitionReason,
    filter: Record<string, unknown>,
    update: (instance: ManagedInstance, change: TransitionChange, event: TransitionedEvent) => Pipeline,
  ): Promise<Changed | null> {
    const { state, desired, lastUsedAt } = instance.lifecycle;
    const event = lifecycleEvent('lifecycle.transitioned', instance, RECONCILER, {
      instanceId: instance.id,
      from: state,
      to,
      generation: desired.generation,
      reason,
    });
    const changed = await this.documents.change(
      {
        ...byLease(lease),
        'lifecycle.state': state,
        'lifecycle.desired.generation': desired.generation,
        'lifecycle.lastUsedAt': lastUsedAt,
        openRuns: { $size: 0 },
        ...filter,
        ...outboxHasRoom(OUTBOX_LIMIT),
      },
      update(instance, { from: state, to, reason, error: null }, event),
    );
    if (changed !== null) return { instance: changed, event };
    await this.documents.assertHeld(lease);
    const now = await this.documents.find(instance.id);
    if (now !== null && isUnused(now, instance)) throw new OutboxFullError(WHAT, instance.id);
    return null;
  }
}

function isUnused(now: ManagedInstance, seen: ManagedInstance): boolean {
  const token = ({ lifecycle: { desired, lastUsedAt, expiresAt } }: ManagedInstance): string =>
    JSON.stringify([desired.generation, lastUsedAt, expiresAt]);
  return token(now) === token(seen) && now.openRuns.length === 0;
}

type TransitionedEvent = ReturnType<typeof lifecycleEvent<'lifecycle.transitioned'>>;
