import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import type { RunId, TenantId } from '../../domain/ids.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { RunRecords, type RunOutcome } from '../../domain/runs/run-records.js';
import type { Run, RunStatus } from '../../domain/runs/run.js';
import { beforeCursor } from '../database/before-cursor.js';
import { driverCollection } from '../database/driver-collection.js';
import { takePage } from '../database/take-page.js';
import { outboxHasRoom, toOutboxRecord } from '../outbox/outbox.schema.js';
import { fromRun, RUN_PROJECTION, toRun, type ReadRun } from './run.mapper.js';
import { RUN_MODEL, type RunRecord } from './run.schema.js';

const OPEN: { $in: RunStatus[] } = { $in: ['queued', 'running'] };

@Injectable()
export class MongoRuns extends RunRecords {
  private readonly collection: mongo.Collection<RunRecord>;

  constructor(@InjectModel(RUN_MODEL) model: Model<RunRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async insert(run: Run, ttlMs: number, event: DomainEvent<'run.started'>): Promise<void> {
    // An insert cannot ask the database for its time; the first renewal does.
    const ownedUntil = new Date(Date.now() + ttlMs);
    await this.collection.insertOne({ ...fromRun(run), ownedUntil, outbox: [toOutboxRecord(event)] });
  }

  async begin(
    id: RunId,
    { startedAt, replica }: Pick<Run, 'replica'> & { readonly startedAt: Date },
  ): Promise<boolean> {
    const { matchedCount } = await this.collection.updateOne(
      { _id: new Types.ObjectId(id), status: 'queued' },
      { $set: { status: 'running', startedAt, replica } },
    );
    return matchedCount === 1;
  }

  async end(id: RunId, outcome: RunOutcome, event: DomainEvent<'run.ended'>): Promise<Run | null> {
    const filter = { _id: new Types.ObjectId(id), status: OPEN };
    const ended = await this.collection.findOneAndUpdate(
      { ...filter, ...outboxHasRoom(OUTBOX_LIMIT) },
      { $set: { ...outcome, endedAt: event.at, ownedUntil: null }, $push: { outbox: toOutboxRecord(event) } },
      { returnDocument: 'after', projection: RUN_PROJECTION },
    );
    if (ended !== null) return toRun(ended);
    if (await this.collection.findOne(filter, { projection: { _id: 1 } })) throw new OutboxFullError('run', id);
    return null;
  }

  async renew(owner: string, ids: readonly RunId[], ttlMs: number): Promise<void> {
    const filter = { _id: { $in: ids.map((id) => new Types.ObjectId(id)) }, owner, status: OPEN };
    await this.collection.updateMany(filter, [{ $set: { ownedUntil: { $add: ['$$NOW', ttlMs] } } }]);
  }

  async requestCancel(id: RunId): Promise<void> {
    await this.collection.updateOne({ _id: new Types.ObjectId(id), status: OPEN }, { $set: { cancelRequested: true } });
  }

  async findToCancel(owner: string): Promise<readonly RunId[]> {
    const found = await this.collection
      .find({ ownedUntil: { $gt: new Date(0) }, owner, cancelRequested: true, status: OPEN })
      .project<{ _id: Types.ObjectId }>({ _id: 1 })
      .toArray();
    return found.map(({ _id }) => _id.toHexString() as RunId);
  }

  async get(path: InstancePath, id: RunId): Promise<Run> {
    const record = await this.collection.findOne(
      { _id: new Types.ObjectId(id), ...byPath(path) },
      { projection: RUN_PROJECTION },
    );
    if (record === null) throw new NotFoundError('run', id);
    return toRun(record);
  }

  async list(path: InstancePath, page: PageRequest): Promise<Page<Run>> {
    const found = this.newest({ ...byPath(path), ...beforeCursor(page.cursor) }, page.limit + 1);
    const { records, more } = await takePage(found, page.limit, textsOf);
    const items = records.map(toRun);
    return { items, nextCursor: more ? (items.at(-1)?.id ?? null) : null };
  }

  async findLost(limit: number): Promise<readonly Run[]> {
    return this.find(
      { ownedUntil: { $gt: new Date(0) }, $expr: { $lt: ['$ownedUntil', '$$NOW'] }, status: OPEN },
      limit,
    );
  }

  async openAmong(tenantId: TenantId, ids: readonly RunId[]): Promise<ReadonlySet<RunId>> {
    const found = await this.collection
      .find({
        _id: { $in: ids.map((id) => new Types.ObjectId(id)) },
        tenantId: new Types.ObjectId(tenantId),
        status: OPEN,
      })
      .project<{ _id: Types.ObjectId }>({ _id: 1 })
      .toArray();
    return new Set(found.map(({ _id }) => _id.toHexString() as RunId));
  }

  private async find(filter: Record<string, unknown>, limit: number): Promise<Run[]> {
    return (await this.newest(filter, limit).toArray()).map(toRun);
  }

  private newest(filter: Record<string, unknown>, limit: number): mongo.FindCursor<ReadRun> {
    return this.collection.find<ReadRun>(filter, { projection: RUN_PROJECTION }).sort({ _id: -1 }).limit(limit);
  }
}

const textsOf = ({ input, output, stdout, stderr }: ReadRun): number =>
  [input, output, stdout, stderr].reduce((sum, text) => sum + (text?.length ?? 0), 0);

const byPath = (path: InstancePath): Record<string, unknown> => ({
  tenantId: new Types.ObjectId(path.tenantId),
  projectId: new Types.ObjectId(path.projectId),
  instanceId: new Types.ObjectId(path.id),
});
