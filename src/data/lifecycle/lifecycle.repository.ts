import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { randomUUID } from 'node:crypto';
import { Types, type Model, type mongo } from 'mongoose';
import type { AgentInstance, AgentStatus } from '../../domain/agent-instances/agent-instance.js';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import { InvalidTransitionError } from '../../domain/errors/invalid-transition.error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import { systemActor, type Actor } from '../../domain/events/actor.js';
import {
  domainEvent,
  type DomainEvent,
  type DomainEventType,
  type DomainEvents,
} from '../../domain/events/domain-events.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import type { AgentInstanceId, ProjectId, RunId, TenantId } from '../../domain/ids.js';
import { ACTION_RULES, isAllowed } from '../../domain/lifecycle/action-rules.js';
import { LeaseLostError } from '../../domain/lifecycle/lease-lost.error.js';
import {
  LifecycleRecords,
  type Changed,
  type HeldLease,
  type InstancePath,
  type OwnerVerdict,
  type Settlement,
  type TransitionChange,
} from '../../domain/lifecycle/lifecycle-records.js';
import {
  ACTIONS,
  type DesiredState,
  type LifecycleAction,
  type LifecycleState,
} from '../../domain/lifecycle/lifecycle-states.js';
import type { Lifecycle, LifecycleError, Replica } from '../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import { AGENT_INSTANCE_PROJECTION, toAgentInstance } from '../agent-instances/agent-instance.mapper.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { driverCollection } from '../database/driver-collection.js';
import { outboxHasRoom } from '../outbox/outbox.schema.js';
import {
  changeState,
  extendLease,
  replicaFields,
  takeLease,
  wantOther,
  withoutRun,
  type Pipeline,
} from './lifecycle-updates.js';
import { MANAGED_PROJECTION, toManagedInstance, type ManagedRecord } from './managed-instance.mapper.js';

type OwnerRecord = Pick<AgentInstanceRecord, '_id' | 'removedAt'> & { lifecycle: Pick<Lifecycle, 'containerId'> };

const WHAT = 'agent';
/** What an instance is called from the moment it is asked to be that. */
const ON_THE_WAY: Partial<Record<DesiredState, LifecycleState>> = { removed: 'removing', disabled: 'disabled' };
/** In the past by every clock. */
const RELEASED = new Date(0);

@Injectable()
export class MongoLifecycleRecords extends LifecycleRecords {
  private readonly collection: mongo.Collection<AgentInstanceRecord>;

  constructor(@InjectModel(AGENT_INSTANCE_MODEL) model: Model<AgentInstanceRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async request(path: InstancePath, action: LifecycleAction, actor: Actor, generation?: number): Promise<Changed> {
    const rule = ACTION_RULES[action];
    const data = { instanceId: path.id, action, desired: ACTIONS[action], generation: 0 };
    const event = this.event('lifecycle.requested', path, actor, data);
    const instance = await this.change(
      {
        ...byPath(path),
        'lifecycle.state': { $in: rule.states },
        'lifecycle.desired.state': { $in: rule.desired },
        ...(generation === undefined ? {} : { 'lifecycle.desired.generation': generation }),
        ...outboxHasRoom(OUTBOX_LIMIT),
      },
      wantOther(action, actor, event),
    );
    if (instance !== null) {
      return { instance, event: { ...event, data: { ...data, generation: instance.lifecycle.desired.generation } } };
    }
    const { state, desired } = (await this.get(path)).lifecycle;
    const isOther = generation !== undefined && generation !== desired.generation;
    if (isAllowed(action, state, desired.state) && isOther) throw new ConcurrentUpdateError(WHAT, path.id);
    if (isAllowed(action, state, desired.state)) throw new OutboxFullError(WHAT, path.id);
    throw new InvalidTransitionError(`The agent ${path.id}`, ON_THE_WAY[desired.state] ?? state, ACTIONS[action]);
  }

  async get(path: InstancePath): Promise<ManagedInstance> {
    const [found] = await this.read(byPath(path), 1);
    if (found === undefined) throw new NotFoundError(WHAT, path.id);
    return found;
  }

  async find(id: AgentInstanceId): Promise<ManagedInstance | null> {
    return (await this.read({ _id: new Types.ObjectId(id) }, 1))[0] ?? null;
  }

  async findWhole(id: AgentInstanceId): Promise<AgentInstance | null> {
    const record = await this.collection.findOne(
      { _id: new Types.ObjectId(id) },
      { projection: AGENT_INSTANCE_PROJECTION },
    );
    return record === null ? null : toAgentInstance(record);
  }

  async listAlive(tenantId: TenantId, projectId: ProjectId): Promise<readonly ManagedInstance[]> {
    return this.read({
      tenantId: new Types.ObjectId(tenantId),
      projectId: new Types.ObjectId(projectId),
      removedAt: null,
    });
  }

  async acquireLease(
    id: AgentInstanceId,
    owner: string,
    ttlMs: number,
  ): Promise<{ lease: HeldLease; instance: ManagedInstance } | null> {
    // Its own name for each hold: a process must not take an earlier hold of its own for this one.
    const holder = `${owner}#${randomUUID().slice(0, 8)}`;
    const instance = await this.change({ _id: new Types.ObjectId(id), removedAt: null }, takeLease(holder, ttlMs));
    const lease = instance?.lifecycle.lease;
    return instance && lease?.owner === holder ? { lease: { id, owner: holder, epoch: lease.epoch }, instance } : null;
  }

  async renewLease(lease: HeldLease, ttlMs: number): Promise<ManagedInstance> {
    return this.changeHeld(lease, {}, extendLease(ttlMs));
  }

  async releaseLease(lease: HeldLease): Promise<void> {
    await this.collection.updateOne(byLease(lease), { $set: { 'lifecycle.lease.until': RELEASED } });
  }

  async transition(lease: HeldLease, instance: ManagedInstance, change: TransitionChange): Promise<Changed> {
    const event = this.event('lifecycle.transitioned', instance, systemActor('reconciler'), {
      instanceId: instance.id,
      from: change.from,
      to: change.to,
      generation: instance.lifecycle.desired.generation,
      reason: change.reason,
    });
    const filter = { 'lifecycle.state': change.from, ...outboxHasRoom(OUTBOX_LIMIT) };
    return { instance: await this.changeHeld(lease, filter, changeState(instance, change, event)), event };
  }

  async updateReplica(lease: HeldLease, replica: Replica): Promise<ManagedInstance> {
    return this.changeHeld(lease, {}, [{ $set: replicaFields(replica) }]);
  }

  async settle(lease: HeldLease, seen: ManagedInstance, settlement: Settlement): Promise<ManagedInstance | null> {
    const { retryAt, observedGeneration, error } = settlement;
    const settled = await this.change(
      { ...byLease(lease), 'lifecycle.desired.generation': seen.lifecycle.desired.generation, revision: seen.revision },
      {
        $set: {
          'lifecycle.retryAt': retryAt,
          'lifecycle.lease.until': RELEASED,
          ...(observedGeneration === undefined ? {} : { 'lifecycle.observedGeneration': observedGeneration }),
          ...(error === undefined ? {} : { 'lifecycle.error': error }),
        },
      },
    );
    if (settled === null) await this.assertHeld(lease);
    return settled;
  }

  async findDue(limit: number): Promise<readonly AgentInstanceId[]> {
    // Only a hint, so this process's clock will do; taking the lease asks the database's.
    const now = new Date();
    const found = await this.collection
      .find({ 'lifecycle.retryAt': { $lte: now }, 'lifecycle.lease.until': { $not: { $gt: now } }, removedAt: null })
      .sort({ 'lifecycle.retryAt': 1 })
      .limit(limit)
      .project<{ _id: Types.ObjectId }>({ _id: 1 })
      .toArray();
    return found.map(({ _id }) => _id.toHexString() as AgentInstanceId);
  }

  async scan(after: AgentInstanceId | null, limit: number): Promise<readonly ManagedInstance[]> {
    return this.read({ ...idAfter(after), 'lifecycle.desired.state': { $ne: 'enabled' }, removedAt: null }, limit);
  }

  async judgeOwners(ids: readonly AgentInstanceId[]): Promise<readonly OwnerVerdict[]> {
    const found = await this.collection
      .find({ _id: { $in: ids.map((id) => new Types.ObjectId(id)) } })
      .project<OwnerRecord>({ removedAt: 1, 'lifecycle.containerId': 1 })
      .toArray();
    const records = new Map(found.map((record) => [record._id.toHexString(), record]));
    return ids.map((id) => {
      const record = records.get(id);
      if (record === undefined) return { id, kind: 'unknown', containerId: null };
      return { id, kind: record.removedAt === null ? 'known' : 'removed', containerId: record.lifecycle.containerId };
    });
  }

  async markUnavailable(error: LifecycleError): Promise<number> {
    const { modifiedCount } = await this.collection.updateMany(
      {
        'lifecycle.state': { $in: ['creating', 'starting', 'running', 'paused', 'stopping', 'removing'] },
        'lifecycle.error': null,
        removedAt: null,
      },
      { $set: { 'lifecycle.error': error } },
    );
    return modifiedCount;
  }

  async beginRun(path: InstancePath, runId: RunId, limit: number): Promise<ManagedInstance | null> {
    const begun = await this.change(
      { ...byPath(path), 'lifecycle.state': 'running', [`openRuns.${limit - 1}`]: { $exists: false } },
      { $addToSet: { openRuns: new Types.ObjectId(runId) }, $set: { status: 'busy' } },
    );
    if (begun !== null) return begun;
    const { lifecycle } = await this.get(path);
    if (lifecycle.state !== 'running') throw new AgentNotRunningError(path.id, lifecycle.state);
    return null;
  }

  async endRun(id: AgentInstanceId, runId: RunId): Promise<AgentStatus | null> {
    const ended = await this.change({ _id: new Types.ObjectId(id) }, withoutRun(runId));
    return ended?.status ?? null;
  }

  async findWithOpenRuns(
    after: AgentInstanceId | null,
    limit: number,
  ): Promise<readonly Pick<ManagedInstance, 'id' | 'tenantId' | 'openRuns'>[]> {
    // Compared with an id, so that the index over the array's elements serves.
    return this.read({ ...idAfter(after), openRuns: { $gt: new Types.ObjectId('0'.repeat(24)) } }, limit);
  }

  private async read(filter: Record<string, unknown>, limit = 0): Promise<ManagedInstance[]> {
    const found = await this.collection
      .find<ManagedRecord>(filter, { projection: MANAGED_PROJECTION })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
    return found.map(toManagedInstance);
  }

  private async change(
    filter: Record<string, unknown>,
    update: Pipeline | Record<string, unknown>,
  ): Promise<ManagedInstance | null> {
    const after = await this.collection.findOneAndUpdate(filter, update, {
      returnDocument: 'after',
      projection: MANAGED_PROJECTION,
    });
    return after === null ? null : toManagedInstance(after);
  }

  private async changeHeld(
    lease: HeldLease,
    filter: Record<string, unknown>,
    update: Pipeline,
  ): Promise<ManagedInstance> {
    const after = await this.change({ ...byLease(lease), ...filter }, update);
    if (after !== null) return after;
    await this.assertHeld(lease);
    throw new OutboxFullError(WHAT, lease.id);
  }

  private async assertHeld(lease: HeldLease): Promise<void> {
    const held = (await this.find(lease.id))?.lifecycle.lease;
    const isHeld = held?.owner === lease.owner && held.epoch === lease.epoch && held.until > RELEASED;
    if (!isHeld) throw new LeaseLostError(lease.id);
  }

  private event<T extends DomainEventType>(
    type: T,
    about: Pick<InstancePath, 'id' | 'tenantId'>,
    actor: Actor,
    data: DomainEvents[T],
  ): DomainEvent<T> {
    return domainEvent(
      type,
      { tenantId: about.tenantId, actor, subject: { type: 'agent-instance', id: about.id } },
      data,
    );
  }
}

const byPath = (path: InstancePath): Record<string, unknown> => ({
  _id: new Types.ObjectId(path.id),
  tenantId: new Types.ObjectId(path.tenantId),
  projectId: new Types.ObjectId(path.projectId),
  removedAt: null,
});

/** Not once it was given back: a renewal that is still on its way must not bring it back. */
const byLease = (lease: HeldLease): Record<string, unknown> => ({
  'lifecycle.lease.until': { $gt: RELEASED },
  _id: new Types.ObjectId(lease.id),
  'lifecycle.lease.owner': lease.owner,
  'lifecycle.lease.epoch': lease.epoch,
});

const idAfter = (after: AgentInstanceId | null): Record<string, unknown> =>
  after === null ? {} : { _id: { $gt: new Types.ObjectId(after) } };
