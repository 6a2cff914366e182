import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { randomUUID } from 'node:crypto';
import { Types, type Model } from 'mongoose';
import type { AgentInstance } from '../../domain/agent-instances/agent-instance.js';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import { InvalidTransitionError } from '../../domain/errors/invalid-transition.error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import { systemActor, type Actor } from '../../domain/events/actor.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import type { AgentInstanceId, ProjectId, TenantId } from '../../domain/ids.js';
import { ACTION_RULES, isAllowed } from '../../domain/lifecycle/action-rules.js';
import {
  LifecycleRecords,
  type AskedWith,
  type Changed,
  type HeldLease,
  type InstancePath,
  type LeaseTerms,
  type OwnerVerdict,
  type ReplicaChange,
  type Requested,
  type Settlement,
  type TransitionChange,
} from '../../domain/lifecycle/lifecycle-records.js';
import {
  ACTIONS,
  PRESENT_STATES,
  type DesiredState,
  type LifecycleAction,
  type LifecycleState,
} from '../../domain/lifecycle/lifecycle-states.js';
import type { LifecycleError, Replica, Seed } from '../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { AGENT_INSTANCE_PROJECTION, toAgentInstance } from '../agent-instances/agent-instance.mapper.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { outboxHasRoom } from '../outbox/outbox.schema.js';
import { stepDue } from './due-filters.js';
import {
  changeReplica,
  changeState,
  extendLease,
  firstReplica,
  markUnavailable,
  replicaFields,
  takeLease,
  wantOther,
} from './lifecycle-updates.js';
import { verdictOn, type OwnerRecord } from './owner-verdict.js';
import { byLease, byPath, idAfter, lifecycleEvent, ManagedDocuments, RELEASED, WHAT } from './managed-documents.js';

/** What an instance is called from the moment it is asked to be that. */
const ON_THE_WAY: Partial<Record<DesiredState, LifecycleState>> = { removed: 'removing', disabled: 'disabled' };

@Injectable()
export class MongoLifecycleRecords extends LifecycleRecords {
  private readonly documents: ManagedDocuments;

  constructor(@InjectModel(AGENT_INSTANCE_MODEL) model: Model<AgentInstanceRecord>) {
    super();
    this.documents = new ManagedDocuments(model);
  }

  async request(
    path: InstancePath,
    action: LifecycleAction,
    actor: Actor,
    generation?: number,
    { replicas, reason }: AskedWith = {},
    terms: LeaseTerms | null = null,
  ): Promise<Requested> {
    const rule = ACTION_RULES[action];
    const said = { ...(replicas !== undefined && { replicas }), ...(reason !== undefined && { reason }) };
    const data = { instanceId: path.id, action, ...said, desired: ACTIONS[action] ?? 'enabled', generation: 0 };
    const event = lifecycleEvent('lifecycle.requested', path, actor, data);
    const holder = terms === null ? null : newHolder(terms.owner);
    const instance = await this.documents.change(
      {
        ...byPath(path),
        'lifecycle.state': { $in: rule.states },
        'lifecycle.desired.state': { $in: rule.desired },
        ...(generation === undefined ? {} : { 'lifecycle.desired.generation': generation }),
        ...outboxHasRoom(OUTBOX_LIMIT),
      },
      terms === null || holder === null ? wantOther(event) : [...wantOther(event), ...takeLease(holder, terms.ttlMs)],
    );
    if (instance !== null) {
      const { generation: made, state: desired } = instance.lifecycle.desired;
      const lease = holder === null ? null : leaseOf(instance, holder);
      return { instance, event: { ...event, data: { ...data, desired, generation: made } }, lease };
    }
    const { state, desired } = (await this.get(path)).lifecycle;
    const isOther = generation !== undefined && generation !== desired.generation;
    if (isAllowed(action, state, desired.state) && isOther) throw new ConcurrentUpdateError(WHAT, path.id);
    if (isAllowed(action, state, desired.state)) throw new OutboxFullError(WHAT, path.id);
    const asks = ACTIONS[action] ?? 'another number of replicas';
    throw new InvalidTransitionError(`The agent ${path.id}`, ON_THE_WAY[desired.state] ?? state, asks);
  }

  async get(path: InstancePath): Promise<ManagedInstance> {
    return this.documents.get(path);
  }

  async find(id: AgentInstanceId): Promise<ManagedInstance | null> {
    return this.documents.find(id);
  }

  async findAll(ids: readonly AgentInstanceId[]): Promise<readonly ManagedInstance[]> {
    return this.documents.read({ _id: { $in: ids.map((id) => new Types.ObjectId(id)) } });
  }

  async findWhole(id: AgentInstanceId): Promise<AgentInstance | null> {
    const record = await this.documents.collection.findOne(
      { _id: new Types.ObjectId(id) },
      { projection: AGENT_INSTANCE_PROJECTION },
    );
    return record === null ? null : toAgentInstance(record);
  }

  async listAlive(tenantId: TenantId, projectId: ProjectId): Promise<readonly ManagedInstance[]> {
    return this.documents.read({
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
    const holder = newHolder(owner);
    const instance = await this.documents.change(
      { _id: new Types.ObjectId(id), removedAt: null },
      takeLease(holder, ttlMs),
    );
    const lease = instance === null ? null : leaseOf(instance, holder);
    return instance === null || lease === null ? null : { lease, instance };
  }

  async renewLease(lease: HeldLease, ttlMs: number): Promise<ManagedInstance> {
    return this.documents.changeHeld(lease, {}, extendLease(ttlMs));
  }

  async releaseLease(lease: HeldLease): Promise<void> {
    await this.documents.collection.updateOne(byLease(lease), { $set: { 'lifecycle.lease.until': RELEASED } });
  }

  async transition(lease: HeldLease, instance: ManagedInstance, change: TransitionChange): Promise<Changed> {
    const event = lifecycleEvent('lifecycle.transitioned', instance, systemActor('reconciler'), {
      instanceId: instance.id,
      from: change.from,
      to: change.to,
      generation: instance.lifecycle.desired.generation,
      reason: change.reason,
    });
    const filter = { 'lifecycle.state': change.from, ...outboxHasRoom(OUTBOX_LIMIT) };
    return { instance: await this.documents.changeHeld(lease, filter, changeState(instance, change, event)), event };
  }

  async transitionReplica(lease: HeldLease, instance: ManagedInstance, change: ReplicaChange): Promise<Changed> {
    const { index: replica, from, to, reason } = change;
    const event = lifecycleEvent('lifecycle.replica-transitioned', instance, systemActor('reconciler'), {
      instanceId: instance.id,
      replica,
      from,
      to,
      generation: instance.lifecycle.desired.generation,
      reason,
    });
    const isThere = instance.lifecycle.replicas.some(({ index }) => index === replica);
    const filter = {
      ...(isThere
        ? { 'lifecycle.replicas': { $elemMatch: { index: replica, state: from } } }
        : { 'lifecycle.replicas.index': { $ne: replica } }),
      ...outboxHasRoom(OUTBOX_LIMIT),
    };
    return { instance: await this.documents.changeHeld(lease, filter, changeReplica(instance, change, event)), event };
  }

  async updateReplica(lease: HeldLease, replica: Replica): Promise<ManagedInstance> {
    return this.documents.changeHeld(lease, {}, [{ $set: replicaFields(replica) }]);
  }

  async seeded(lease: HeldLease, seed: Seed): Promise<ManagedInstance> {
    const done = await this.documents.change(
      {
        ...byLease(lease),
        'lifecycle.seed.snapshotId': seed.snapshotId,
        'lifecycle.seed.revision': seed.revision,
      },
      [{ $set: { ...firstReplica(null), 'lifecycle.seed': null } }],
    );
    if (done !== null) return done;
    // Another one was asked for: nothing of the container is left in any case.
    return this.documents.changeHeld(lease, {}, [{ $set: firstReplica(null) }]);
  }

  async settle(lease: HeldLease, seen: ManagedInstance, settlement: Settlement): Promise<ManagedInstance | null> {
    const { retryAt, firstRetryAt = null, observedGeneration, error } = settlement;
    const settled = await this.documents.change(
      {
        ...byLease(lease),
        'lifecycle.desired.generation': seen.lifecycle.desired.generation,
        'lifecycle.sleep': seen.lifecycle.sleep,
        'lifecycle.expiresAt': seen.lifecycle.expiresAt,
        revision: seen.revision,
      },
      {
        $set: {
          'lifecycle.retryAt': retryAt,
          ...(firstRetryAt === (seen.lifecycle.firstRetryAt ?? null) ? {} : { 'lifecycle.firstRetryAt': firstRetryAt }),
          'lifecycle.lease.until': RELEASED,
          ...(observedGeneration === undefined ? {} : { 'lifecycle.observedGeneration': observedGeneration }),
          ...(error === undefined ? {} : { 'lifecycle.error': error }),
        },
      },
    );
    if (settled === null) await this.documents.assertHeld(lease);
    return settled;
  }

  async findDue(limit: number): Promise<readonly AgentInstanceId[]> {
    const found = await this.documents.collection
      .find(stepDue(new Date()))
      .sort({ 'lifecycle.retryAt': 1 })
      .limit(limit)
      .project<{ _id: Types.ObjectId }>({ _id: 1 })
      .toArray();
    return found.map(({ _id }) => _id.toHexString() as AgentInstanceId);
  }

  async scan(after: AgentInstanceId | null, limit: number): Promise<readonly ManagedInstance[]> {
    return this.documents.read(
      { ...idAfter(after), 'lifecycle.desired.state': { $ne: 'enabled' }, removedAt: null },
      limit,
    );
  }

  async judgeOwners(ids: readonly AgentInstanceId[]): Promise<readonly OwnerVerdict[]> {
    const found = await this.documents.collection
      .find({ _id: { $in: ids.map((id) => new Types.ObjectId(id)) } })
      .project<OwnerRecord>({ removedAt: 1, 'lifecycle.containerId': 1, 'lifecycle.replicas.containerId': 1 })
      .toArray();
    const records = new Map(found.map((record) => [record._id.toHexString(), record]));
    return ids.map((id) => verdictOn(id, records.get(id)));
  }

  async markUnavailable(error: LifecycleError): Promise<number> {
    const { modifiedCount } = await this.documents.collection.updateMany(
      {
        $or: [
          { 'lifecycle.state': { $in: PRESENT_STATES }, 'lifecycle.error': null },
          {
            'lifecycle.replicas': {
              $elemMatch: { state: { $in: PRESENT_STATES }, 'condition.error': null, index: { $gt: 0 } },
            },
          },
        ],
        removedAt: null,
      },
      markUnavailable(error),
    );
    return modifiedCount;
  }
}

/** Its own name for each hold: a process must not take an earlier hold of its own for this one. */
const newHolder = (owner: string): string => `${owner}#${randomUUID().slice(0, 8)}`;

/** null: somebody else has it. */
function leaseOf({ id, lifecycle: { lease } }: ManagedInstance, holder: string): HeldLease | null {
  return lease?.owner === holder ? { id, owner: holder, epoch: lease.epoch } : null;
}
