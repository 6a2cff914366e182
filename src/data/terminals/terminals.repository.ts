import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import type { Actor } from '../../domain/events/actor.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import type { AgentInstanceId, ApiKeyId, TenantId, TerminalId } from '../../domain/ids.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { Page, PageRequest } from '../../domain/page.js';
import type { Terminal, TerminalState } from '../../domain/terminals/terminal.js';
import {
  TerminalRecords,
  type OpenedTerminal,
  type SealedEnvironment,
  type TerminalOutcome,
  type ToClose,
} from '../../domain/terminals/terminal-records.js';
import { beforeCursor } from '../database/before-cursor.js';
import { driverCollection } from '../database/driver-collection.js';
import { outboxHasRoom, toOutboxRecord } from '../outbox/outbox.schema.js';
import { fromTerminal, TERMINAL_PROJECTION, toTerminal, type ReadTerminal } from './terminal.mapper.js';
import { TERMINAL_MODEL, type TerminalRecord } from './terminal.schema.js';

const WHAT = 'terminal';
const LIVE: { $in: TerminalState[] } = { $in: ['waiting', 'open'] };
/** Says that it has an owner, so that the index over owners is used. */
const OWNED = { ownedUntil: { $gt: new Date(0) }, state: 'open' } as const;

@Injectable()
export class MongoTerminals extends TerminalRecords {
  private readonly collection: mongo.Collection<TerminalRecord>;

  constructor(@InjectModel(TERMINAL_MODEL) model: Model<TerminalRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async insert(terminal: Terminal, environment: SealedEnvironment): Promise<void> {
    await this.collection.insertOne({
      ...fromTerminal(terminal),
      environment: { ...environment },
      owner: null,
      ownedUntil: null,
      closeRequestedBy: null,
      outbox: [],
    });
  }

  async discard(id: TerminalId): Promise<void> {
    await this.collection.deleteOne({ _id: new Types.ObjectId(id), state: 'waiting' });
  }

  async countLive(tenantId: TenantId, instanceId: AgentInstanceId): Promise<{ tenant: number; agent: number }> {
    const ofTenant = { tenantId: new Types.ObjectId(tenantId), state: LIVE };
    const [tenant, agent] = await Promise.all([
      this.collection.countDocuments(ofTenant),
      this.collection.countDocuments({ ...ofTenant, instanceId: new Types.ObjectId(instanceId) }),
    ]);
    return { tenant, agent };
  }

  async open(
    path: InstancePath,
    id: TerminalId,
    { apiKeyId, owner, ttlMs }: { apiKeyId: ApiKeyId; owner: string; ttlMs: number },
    event: DomainEvent<'terminal.opened'>,
  ): Promise<OpenedTerminal | null> {
    const before = await this.collection.findOneAndUpdate(
      { _id: new Types.ObjectId(id), ...byPath(path), apiKeyId: new Types.ObjectId(apiKeyId), state: 'waiting' },
      {
        $set: {
          state: 'open',
          openedAt: event.at,
          owner,
          // The first renewal takes the database's time.
          ownedUntil: new Date(Date.now() + ttlMs),
          environment: null,
        },
        $push: { outbox: toOutboxRecord(event) },
      },
      { returnDocument: 'before' },
    );
    if (before?.environment == null) return null;
    return {
      terminal: { ...toTerminal(before), state: 'open', openedAt: event.at },
      environment: before.environment,
    };
  }

  async end(
    id: TerminalId,
    { end, exitCode }: TerminalOutcome,
    event: DomainEvent<'terminal.closed'>,
  ): Promise<Terminal | null> {
    const filter = { _id: new Types.ObjectId(id), state: LIVE };
    const ended = await this.collection.findOneAndUpdate(
      { ...filter, ...outboxHasRoom(OUTBOX_LIMIT) },
      {
        $set: { state: 'ended', end, exitCode, endedAt: event.at, ownedUntil: null, environment: null },
        $push: { outbox: toOutboxRecord(event) },
      },
      { returnDocument: 'after', projection: TERMINAL_PROJECTION },
    );
    if (ended !== null) return toTerminal(ended);
    if (await this.collection.findOne(filter, { projection: { _id: 1 } })) throw new OutboxFullError(WHAT, id);
    return null;
  }

  async renew(owner: string, ids: readonly TerminalId[], ttlMs: number): Promise<void> {
    const filter = { _id: { $in: ids.map((id) => new Types.ObjectId(id)) }, owner, state: 'open' } as const;
    await this.collection.updateMany(filter, [{ $set: { ownedUntil: { $add: ['$$NOW', ttlMs] } } }]);
  }

  async requestClose(id: TerminalId, by: Actor): Promise<void> {
    await this.collection.updateOne({ _id: new Types.ObjectId(id), state: 'open' }, { $set: { closeRequestedBy: by } });
  }

  async findToClose(owner: string): Promise<readonly ToClose[]> {
    const found = await this.collection
      .find({ ...OWNED, owner, closeRequestedBy: { $ne: null } })
      .project<{ _id: Types.ObjectId; closeRequestedBy: Actor }>({ closeRequestedBy: 1 })
      .toArray();
    return found.map(({ _id, closeRequestedBy }) => ({ id: _id.toHexString() as TerminalId, by: closeRequestedBy }));
  }

  async findLost(limit: number): Promise<readonly Terminal[]> {
    const found = await this.collection
      .find<ReadTerminal>(
        { ...OWNED, $expr: { $lt: ['$ownedUntil', '$$NOW'] } },
        { projection: TERMINAL_PROJECTION, limit },
      )
      .toArray();
    return found.map(toTerminal);
  }

  async discardStale(olderThanMs: number): Promise<void> {
    await this.collection.deleteMany({
      state: 'waiting',
      $expr: { $lt: ['$createdAt', { $subtract: ['$$NOW', olderThanMs] }] },
    });
  }

  async get(path: InstancePath, id: TerminalId): Promise<Terminal> {
    const record = await this.collection.findOne<ReadTerminal>(
      { _id: new Types.ObjectId(id), ...byPath(path) },
      { projection: TERMINAL_PROJECTION },
    );
    if (record === null) throw new NotFoundError(WHAT, id);
    return toTerminal(record);
  }

  async list(path: InstancePath, page: PageRequest): Promise<Page<Terminal>> {
    const found = await this.collection
      .find<ReadTerminal>(
        { ...byPath(path), ...beforeCursor(page.cursor) },
        { projection: TERMINAL_PROJECTION, sort: { _id: -1 }, limit: page.limit + 1 },
      )
      .toArray();
    const items = found.slice(0, page.limit).map(toTerminal);
    return { items, nextCursor: found.length > page.limit ? (items.at(-1)?.id ?? null) : null };
  }
}

const byPath = ({ tenantId, projectId, id }: InstancePath) => ({
  tenantId: new Types.ObjectId(tenantId),
  projectId: new Types.ObjectId(projectId),
  instanceId: new Types.ObjectId(id),
});
