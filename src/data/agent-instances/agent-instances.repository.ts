import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import type { AgentInstance, AgentStatus } from '../../domain/agent-instances/agent-instance.js';
import {
  AgentInstances,
  type EditWrite,
  type InstanceHead,
  type NewAgentInstance,
  type RestoreWrite,
} from '../../domain/agent-instances/agent-instances.repository.js';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { requestOf } from '../../domain/lifecycle/request-of.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import type { AgentInstanceId, ProjectId, TenantId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { beforeCursor } from '../database/before-cursor.js';
import { driverCollection } from '../database/driver-collection.js';
import { duplicatesOf } from '../database/duplicate-keys.js';
import { takePage } from '../database/take-page.js';
import { outboxHasRoom, toOutboxRecord } from '../outbox/outbox.schema.js';
import {
  AGENT_INSTANCE_PROJECTION,
  fromBlueprint,
  fromEdit,
  fromNewInstance,
  HEAD_PROJECTION,
  toAgentInstance,
  toHead,
  type ReadAgentInstance,
  type ReadHead,
} from './agent-instance.mapper.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from './agent-instance.schema.js';

const WHAT = 'agent instance';

@Injectable()
export class MongoAgentInstances extends AgentInstances {
  private readonly collection: mongo.Collection<AgentInstanceRecord>;

  constructor(@InjectModel(AGENT_INSTANCE_MODEL) model: Model<AgentInstanceRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async insertOnce(tenantId: TenantId, instances: readonly NewAgentInstance[]): Promise<ReadonlySet<AgentInstanceId>> {
    const ids = instances.map(({ instance }) => instance.id);
    if (ids.length === 0) return new Set();
    try {
      await this.collection.insertMany(instances.map(fromNewInstance), { ordered: false });
      return new Set(ids);
    } catch (error) {
      const refused = new Set(duplicatesOf(error));
      const existing = await this.existing(tenantId, ids);
      // Refused, and still not there: its identifier stands in another instance, which must never happen silently.
      if (ids.some((id, index) => refused.has(index) && !existing.has(id))) throw error;
      return new Set(ids.filter((_, index) => !refused.has(index)));
    }
  }

  async existing(tenantId: TenantId, ids: readonly AgentInstanceId[]): Promise<ReadonlySet<AgentInstanceId>> {
    const found = await this.collection
      .find(
        { _id: { $in: ids.map((id) => new Types.ObjectId(id)) }, tenantId: new Types.ObjectId(tenantId) },
        { projection: { _id: 1 } },
      )
      .toArray();
    return new Set(found.map(({ _id }) => _id.toHexString() as AgentInstanceId));
  }

  async find(id: AgentInstanceId, tenantId: TenantId): Promise<AgentInstance | null> {
    const record = await this.collection.findOne<ReadAgentInstance>(one(id, tenantId), {
      projection: AGENT_INSTANCE_PROJECTION,
    });
    return record === null ? null : toAgentInstance(record);
  }

  async findHead(id: AgentInstanceId, tenantId: TenantId): Promise<InstanceHead | null> {
    const record = await this.collection.findOne<ReadHead>(one(id, tenantId), { projection: HEAD_PROJECTION });
    return record === null ? null : toHead(record);
  }

  async findByProject(projectId: ProjectId, tenantId: TenantId): Promise<readonly AgentInstance[]> {
    const records = await this.collection
      .find<ReadAgentInstance>(of(projectId, tenantId), { projection: AGENT_INSTANCE_PROJECTION, sort: { _id: -1 } })
      .toArray();
    return records.map(toAgentInstance);
  }

  async listByProject(projectId: ProjectId, tenantId: TenantId, page: PageRequest): Promise<Page<AgentInstance>> {
    const found = this.collection.find<ReadAgentInstance>(
      { ...of(projectId, tenantId), ...beforeCursor(page.cursor) },
      { projection: AGENT_INSTANCE_PROJECTION, sort: { _id: -1 }, limit: page.limit + 1 },
    );
    const { records, more } = await takePage(found, page.limit, weightOf);
    const items = records.map(toAgentInstance);
    return { items, nextCursor: more ? (items.at(-1)?.id ?? null) : null };
  }

  async edit(id: AgentInstanceId, tenantId: TenantId, revision: number, write: EditWrite): Promise<AgentInstance> {
    const { edit, change, event } = write;
    const record = await this.collection.findOneAndUpdate(
      { ...one(id, tenantId), removedAt: null, revision, ...outboxHasRoom(OUTBOX_LIMIT) },
      {
        $set: {
          ...fromEdit(edit),
          revision: revision + 1,
          lastChange: { ...change, fields: [...change.fields] },
          updatedAt: change.at,
        },
        $push: { outbox: toOutboxRecord(event) },
      },
      { projection: AGENT_INSTANCE_PROJECTION, returnDocument: 'after' },
    );
    if (record === null) throw await this.whyNotMatched(id, tenantId, (instance) => instance.revision === revision);
    return toAgentInstance(record);
  }

  async restore(instance: AgentInstance, write: RestoreWrite): Promise<AgentInstance> {
    const { id, tenantId, revision, lifecycle } = instance;
    const { generation, state } = lifecycle.desired;
    const { change, event, image, seed } = write;
    const record = await this.collection.findOneAndUpdate(
      {
        ...one(id, tenantId),
        removedAt: null,
        revision,
        'lifecycle.desired.generation': generation,
        'lifecycle.desired.state': state,
        ...outboxHasRoom(OUTBOX_LIMIT),
      },
      {
        $set: {
          ...fromBlueprint(write.blueprint),
          revision: revision + 1,
          lastChange: { ...change, fields: [...change.fields] },
          updatedAt: change.at,
          'lifecycle.desired.generation': generation + 1,
          'lifecycle.desired.requestedAt': change.at,
          'lifecycle.desired.requestedBy': change.by,
          'lifecycle.retryAt': change.at,
          'lifecycle.failures': 0,
          'lifecycle.seed': seed,
          ...(image === null ? {} : { 'lifecycle.image': image }),
        },
        $push: { outbox: toOutboxRecord(event) },
      },
      { projection: AGENT_INSTANCE_PROJECTION, returnDocument: 'after' },
    );
    if (record !== null) return toAgentInstance(record);
    throw await this.whyNotMatched(
      id,
      tenantId,
      (found) =>
        found.revision === revision &&
        found.lifecycle.desired.generation === generation &&
        found.lifecycle.desired.state === state,
    );
  }

  async setStatus(id: AgentInstanceId, tenantId: TenantId, status: AgentStatus): Promise<AgentInstance> {
    return this.set(id, tenantId, { status });
  }

  async setPid(id: AgentInstanceId, tenantId: TenantId, pid: number | null): Promise<AgentInstance> {
    return this.set(id, tenantId, { pid });
  }

  async requestRemoval(
    id: AgentInstanceId,
    tenantId: TenantId,
    generation: number,
    event: DomainEvent<'lifecycle.requested'>,
  ): Promise<void> {
    const written = await this.collection.updateOne(
      { ...one(id, tenantId), 'lifecycle.desired.generation': generation, ...outboxHasRoom(OUTBOX_LIMIT) },
      {
        $set: {
          'lifecycle.desired.state': 'removed',
          'lifecycle.desired.generation': generation + 1,
          'lifecycle.desired.requestedAt': event.at,
          'lifecycle.desired.requestedBy': event.actor,
          'lifecycle.request': requestOf(event),
          'lifecycle.retryAt': event.at,
          'lifecycle.failures': 0,
          updatedAt: event.at,
        },
        $push: { outbox: toOutboxRecord(event) },
      },
    );
    if (written.matchedCount === 1) return;
    throw await this.whyNotMatched(id, tenantId, ({ lifecycle }) => lifecycle.desired.generation === generation);
  }

  private async set(
    id: AgentInstanceId,
    tenantId: TenantId,
    fields: Partial<AgentInstanceRecord>,
  ): Promise<AgentInstance> {
    const record = await this.collection.findOneAndUpdate(
      { ...one(id, tenantId), removedAt: null },
      { $set: { ...fields, updatedAt: new Date() } },
      { projection: AGENT_INSTANCE_PROJECTION, returnDocument: 'after' },
    );
    if (record === null) throw new NotFoundError(WHAT, id);
    return toAgentInstance(record);
  }

  /** Why a conditional write found nothing; `unchanged` says whether what it depended on is as it was. */
  private async whyNotMatched(
    id: AgentInstanceId,
    tenantId: TenantId,
    unchanged: (instance: AgentInstance) => boolean,
  ): Promise<Error> {
    const instance = await this.find(id, tenantId);
    if (instance?.removedAt !== null) return new NotFoundError(WHAT, id);
    return unchanged(instance) ? new OutboxFullError(WHAT, id) : new ConcurrentUpdateError(WHAT, id);
  }
}

const one = (id: AgentInstanceId, tenantId: TenantId) => ({
  _id: new Types.ObjectId(id),
  tenantId: new Types.ObjectId(tenantId),
});

const of = (projectId: ProjectId, tenantId: TenantId) => ({
  tenantId: new Types.ObjectId(tenantId),
  projectId: new Types.ObjectId(projectId),
  removedAt: null,
});

/** By its long parts. */
const weightOf = ({ soul, systemPrompt, aieos_identity, tools }: ReadAgentInstance): number =>
  soul.length + systemPrompt.length + tools.length + (aieos_identity?.length ?? 0);
