import { Types, type Model, type mongo } from 'mongoose';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import type { Actor } from '../../domain/events/actor.js';
import {
  domainEvent,
  type DomainEvent,
  type DomainEventType,
  type DomainEvents,
} from '../../domain/events/domain-events.js';
import type { AgentInstanceId } from '../../domain/ids.js';
import { LeaseLostError } from '../../domain/lifecycle/lease-lost.error.js';
import type { HeldLease, InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import type { AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { driverCollection } from '../database/driver-collection.js';
import type { Pipeline } from './lifecycle-updates.js';
import { MANAGED_PROJECTION, toManagedInstance, type ManagedRecord } from './managed-instance.mapper.js';

export const WHAT = 'agent';
/** The end of a lease that was given back: in the past by every clock. */
export const RELEASED = new Date(0);

type Filter = Record<string, unknown>;

/** Agent instances as lifecycle reads and changes them: without their texts, one document at a time. */
export class ManagedDocuments {
  readonly collection: mongo.Collection<AgentInstanceRecord>;

  constructor(model: Model<AgentInstanceRecord>) {
    this.collection = driverCollection(model);
  }

  async read(filter: Filter, limit = 0, sort: Record<string, 1> = { _id: 1 }): Promise<ManagedInstance[]> {
    const found = await this.collection
      .find<ManagedRecord>(filter, { projection: MANAGED_PROJECTION })
      .sort(sort)
      .limit(limit)
      .toArray();
    return found.map(toManagedInstance);
  }

  async find(id: AgentInstanceId): Promise<ManagedInstance | null> {
    return (await this.read({ _id: new Types.ObjectId(id) }, 1))[0] ?? null;
  }

  /** @throws NotFoundError, also when it is removed */
  async get(path: InstancePath): Promise<ManagedInstance> {
    const [found] = await this.read(byPath(path), 1);
    if (found === undefined) throw new NotFoundError(WHAT, path.id);
    return found;
  }

  /** @returns it as it is afterwards; null when nothing matched */
  async change(filter: Filter, update: Pipeline | Record<string, unknown>): Promise<ManagedInstance | null> {
    const after = await this.collection.findOneAndUpdate(filter, update, {
      returnDocument: 'after',
      projection: MANAGED_PROJECTION,
    });
    return after === null ? null : toManagedInstance(after);
  }

  /** @throws LeaseLostError; OutboxFullError when it is held, and nothing matched all the same */
  async changeHeld(lease: HeldLease, filter: Filter, update: Pipeline): Promise<ManagedInstance> {
    const after = await this.change({ ...byLease(lease), ...filter }, update);
    if (after !== null) return after;
    await this.assertHeld(lease);
    throw new OutboxFullError(WHAT, lease.id);
  }

  /** @throws LeaseLostError */
  async assertHeld(lease: HeldLease): Promise<void> {
    const held = (await this.find(lease.id))?.lifecycle.lease;
    const isHeld = held?.owner === lease.owner && held.epoch === lease.epoch && held.until > RELEASED;
    if (!isHeld) throw new LeaseLostError(lease.id);
  }
}

export const lifecycleEvent = <T extends DomainEventType>(
  type: T,
  about: Pick<InstancePath, 'id' | 'tenantId'>,
  actor: Actor,
  data: DomainEvents[T],
): DomainEvent<T> =>
  domainEvent(type, { tenantId: about.tenantId, actor, subject: { type: 'agent-instance', id: about.id } }, data);

export const byPath = (path: InstancePath): Filter => ({
  _id: new Types.ObjectId(path.id),
  tenantId: new Types.ObjectId(path.tenantId),
  projectId: new Types.ObjectId(path.projectId),
  removedAt: null,
});

export const idAfter = (after: AgentInstanceId | null): Filter =>
  after === null ? {} : { _id: { $gt: new Types.ObjectId(after) } };

/** Not once it was given back: a renewal that is still on its way must not bring it back. */
export const byLease = (lease: HeldLease): Filter => ({
  'lifecycle.lease.until': { $gt: RELEASED },
  _id: new Types.ObjectId(lease.id),
  'lifecycle.lease.owner': lease.owner,
  'lifecycle.lease.epoch': lease.epoch,
});
