import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import type { AgentSnapshot, SnapshotFailure, SnapshotState } from '../../domain/agent-snapshots/agent-snapshot.js';
import {
  AgentSnapshots,
  type SnapshotResult,
  type SnapshotsPath,
} from '../../domain/agent-snapshots/agent-snapshots.repository.js';
import { DomainError } from '../../domain/errors/domain-error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import type { AgentSnapshotId, TenantId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { beforeCursor } from '../database/before-cursor.js';
import { driverCollection } from '../database/driver-collection.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { takePage } from '../database/take-page.js';
import { outboxHasRoom, toOutboxRecord } from '../outbox/outbox.schema.js';
import {
  AGENT_SNAPSHOT_PROJECTION,
  fromAgentSnapshot,
  toAgentSnapshot,
  type ReadAgentSnapshot,
} from './agent-snapshot.mapper.js';
import { AGENT_SNAPSHOT_MODEL, type AgentSnapshotRecord } from './agent-snapshot.schema.js';

const WHAT = 'snapshot';

@Injectable()
export class MongoAgentSnapshots extends AgentSnapshots {
  private readonly collection: mongo.Collection<AgentSnapshotRecord>;
  private readonly instances: mongo.Collection<AgentInstanceRecord>;

  constructor(
    @InjectModel(AGENT_SNAPSHOT_MODEL) model: Model<AgentSnapshotRecord>,
    @InjectModel(AGENT_INSTANCE_MODEL) instances: Model<AgentInstanceRecord>,
  ) {
    super();
    this.collection = driverCollection(model);
    this.instances = driverCollection(instances);
  }

  async insert(snapshot: AgentSnapshot, most: number, ttlMs: number): Promise<void> {
    const record = fromAgentSnapshot(snapshot);
    // An insert cannot ask the database for its time; the first renewal does.
    const makerUntil = new Date(Date.now() + ttlMs);
    // Whoever was first in a place keeps it; each turn finds one taken more, so there is an end to it.
    for (;;) {
      const taken = await this.placesTaken(record);
      const place = Array.from({ length: most }, (_, index) => String(index)).find((each) => !taken.has(each));
      if (place === undefined) throw tooMany(snapshot, most);
      try {
        await this.collection.insertOne({ ...record, place, makerUntil, uncleared: true, outbox: [] });
        return;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
  }

  async find(id: AgentSnapshotId, tenantId: TenantId): Promise<AgentSnapshot | null> {
    const record = await this.collection.findOne<ReadAgentSnapshot>(
      { _id: new Types.ObjectId(id), tenantId: new Types.ObjectId(tenantId) },
      { projection: AGENT_SNAPSHOT_PROJECTION },
    );
    return record === null ? null : toAgentSnapshot(record);
  }

  async list(path: SnapshotsPath, page: PageRequest): Promise<Page<AgentSnapshot>> {
    const found = this.collection.find<ReadAgentSnapshot>(
      {
        tenantId: new Types.ObjectId(path.tenantId),
        projectId: new Types.ObjectId(path.projectId),
        instanceId: new Types.ObjectId(path.instanceId),
        state: { $ne: 'deleted' },
        ...beforeCursor(page.cursor),
      },
      { projection: AGENT_SNAPSHOT_PROJECTION, sort: { _id: -1 }, limit: page.limit + 1 },
    );
    const { records, more } = await takePage(found, page.limit, weightOf);
    const items = records.map(toAgentSnapshot);
    return { items, nextCursor: more ? (items.at(-1)?.id ?? null) : null };
  }

  async renew(id: AgentSnapshotId, ttlMs: number): Promise<boolean> {
    const { matchedCount } = await this.collection.updateOne({ _id: new Types.ObjectId(id), state: 'pending' }, [
      { $set: { makerUntil: { $add: ['$$NOW', ttlMs] } } },
    ]);
    return matchedCount === 1;
  }

  async complete(
    id: AgentSnapshotId,
    { archive, image }: SnapshotResult,
    event: DomainEvent<'agent.snapshot.created'>,
  ): Promise<AgentSnapshot | null> {
    return this.change(id, ['pending'], event, { state: 'ready', archive, image, uncleared: false });
  }

  async fail(
    id: AgentSnapshotId,
    error: SnapshotFailure,
    event: DomainEvent<'agent.snapshot.failed'>,
  ): Promise<AgentSnapshot | null> {
    return this.change(id, ['pending'], event, { state: 'failed', error });
  }

  async markDeleted(id: AgentSnapshotId, event: DomainEvent<'agent.snapshot.deleted'>): Promise<AgentSnapshot | null> {
    return this.change(id, ['ready', 'failed'], event, { state: 'deleted', place: `#${id}`, uncleared: true });
  }

  async findLost(limit: number): Promise<readonly AgentSnapshot[]> {
    return this.some(
      { makerUntil: { $gt: new Date(0) }, $expr: { $lt: ['$makerUntil', '$$NOW'] }, state: 'pending' },
      limit,
    );
  }

  async findUncleared(limit: number): Promise<readonly AgentSnapshot[]> {
    return this.some({ uncleared: true, state: { $in: ['failed', 'deleted'] } }, limit);
  }

  async cleared(id: AgentSnapshotId): Promise<void> {
    await this.collection.updateOne({ _id: new Types.ObjectId(id) }, { $set: { uncleared: false } });
  }

  async isInUse({ id, tenantId, image }: AgentSnapshot): Promise<boolean> {
    const needs: Record<string, unknown>[] = [{ 'lifecycle.seed.snapshotId': id }];
    if (image !== null) needs.push({ 'lifecycle.image.reference': image.reference });
    const found = await this.instances.findOne(
      { tenantId: new Types.ObjectId(tenantId), removedAt: null, $or: needs },
      { projection: { _id: 1 } },
    );
    return found !== null;
  }

  private async change(
    id: AgentSnapshotId,
    from: readonly SnapshotState[],
    event: DomainEvent,
    fields: Partial<AgentSnapshotRecord>,
  ): Promise<AgentSnapshot | null> {
    const filter = { _id: new Types.ObjectId(id), state: { $in: [...from] } };
    const changed = await this.collection.findOneAndUpdate(
      { ...filter, ...outboxHasRoom(OUTBOX_LIMIT) },
      { $set: { ...fields, endedAt: event.at, makerUntil: null }, $push: { outbox: toOutboxRecord(event) } },
      { returnDocument: 'after', projection: AGENT_SNAPSHOT_PROJECTION },
    );
    if (changed !== null) return toAgentSnapshot(changed);
    if (await this.collection.findOne(filter, { projection: { _id: 1 } })) throw new OutboxFullError(WHAT, id);
    return null;
  }

  private async placesTaken({
    tenantId,
    instanceId,
  }: Pick<AgentSnapshotRecord, 'tenantId' | 'instanceId'>): Promise<ReadonlySet<string>> {
    const found = await this.collection
      .find({ tenantId, instanceId, state: { $ne: 'deleted' } })
      .project<Pick<AgentSnapshotRecord, 'place'>>({ place: 1 })
      .toArray();
    return new Set(found.map(({ place }) => place));
  }

  private async some(filter: Record<string, unknown>, limit: number): Promise<readonly AgentSnapshot[]> {
    const records = await this.collection
      .find<ReadAgentSnapshot>(filter, { projection: AGENT_SNAPSHOT_PROJECTION, limit })
      .toArray();
    return records.map(toAgentSnapshot);
  }
}

const weightOf = ({ blueprint }: ReadAgentSnapshot): number =>
  blueprint.soul.length +
  blueprint.systemPrompt.length +
  blueprint.tools.length +
  (blueprint.aieos_identity?.length ?? 0);

const tooMany = ({ instanceId }: AgentSnapshot, most: number): DomainError =>
  new DomainError(
    'QUOTA_EXCEEDED',
    `Agent ${instanceId} has ${most} snapshots, which is the most it can have (SNAPSHOTS_PER_AGENT). Delete one first.`,
    { details: { quota: 'snapshots', limit: most } },
  );
