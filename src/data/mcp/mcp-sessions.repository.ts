import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import type { AgentInstanceId, McpSessionId, TenantId } from '../../domain/ids.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import { McpSessionRecords, type McpOutcome, type McpOwnership } from '../../domain/mcp/mcp-session-records.js';
import type { McpSession, McpSessionState } from '../../domain/mcp/mcp-session.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { beforeCursor } from '../database/before-cursor.js';
import { driverCollection } from '../database/driver-collection.js';
import { outboxHasRoom, toOutboxRecord } from '../outbox/outbox.schema.js';
import { fromMcpSession, MCP_SESSION_PROJECTION, toMcpSession, type ReadMcpSession } from './mcp-session.mapper.js';
import { MCP_SESSION_MODEL, type McpSessionRecord } from './mcp-session.schema.js';

const LIVE: { $in: McpSessionState[] } = { $in: ['opening', 'open'] };

@Injectable()
export class MongoMcpSessions extends McpSessionRecords {
  private readonly collection: mongo.Collection<McpSessionRecord>;

  constructor(@InjectModel(MCP_SESSION_MODEL) model: Model<McpSessionRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async insert(session: McpSession, { owner, ttlMs }: McpOwnership): Promise<void> {
    await this.collection.insertOne({
      ...fromMcpSession(session),
      owner,
      // The first renewal takes the database's time.
      ownedUntil: new Date(Date.now() + ttlMs),
      outbox: [],
    });
  }

  async discard(id: McpSessionId): Promise<void> {
    await this.collection.deleteOne({ _id: new Types.ObjectId(id), state: 'opening' });
  }

  async countLive(tenantId: TenantId, instanceId: AgentInstanceId): Promise<{ tenant: number; agent: number }> {
    const ofTenant = { tenantId: new Types.ObjectId(tenantId), state: LIVE };
    const [tenant, agent] = await Promise.all([
      this.collection.countDocuments(ofTenant),
      this.collection.countDocuments({ ...ofTenant, instanceId: new Types.ObjectId(instanceId) }),
    ]);
    return { tenant, agent };
  }

  async open(id: McpSessionId, event: DomainEvent<'mcp-session.opened'>): Promise<boolean> {
    const { matchedCount } = await this.collection.updateOne(
      { _id: new Types.ObjectId(id), state: 'opening' },
      { $set: { state: 'open' }, $push: { outbox: toOutboxRecord(event) } },
    );
    return matchedCount === 1;
  }

  async agreed(id: McpSessionId, protocolVersion: string): Promise<void> {
    await this.collection.updateOne({ _id: new Types.ObjectId(id), state: 'open' }, { $set: { protocolVersion } });
  }

  async end(
    id: McpSessionId,
    { end, exitCode, stderr }: McpOutcome,
    event: DomainEvent<'mcp-session.closed'>,
  ): Promise<boolean> {
    const filter = { _id: new Types.ObjectId(id), state: 'open' } as const;
    const { matchedCount } = await this.collection.updateOne(
      { ...filter, ...outboxHasRoom(OUTBOX_LIMIT) },
      {
        $set: { state: 'ended', end, exitCode, stderr, endedAt: event.at, ownedUntil: null },
        $push: { outbox: toOutboxRecord(event) },
      },
    );
    if (matchedCount === 1) return true;
    if (await this.collection.findOne(filter, { projection: { _id: 1 } })) throw new OutboxFullError('MCP session', id);
    return false;
  }

  async renew(ids: readonly McpSessionId[], { owner, ttlMs }: McpOwnership): Promise<void> {
    const filter = { _id: { $in: ids.map((id) => new Types.ObjectId(id)) }, owner, state: LIVE };
    await this.collection.updateMany(filter, [{ $set: { ownedUntil: { $add: ['$$NOW', ttlMs] } } }]);
  }

  async findLost(limit: number): Promise<readonly McpSession[]> {
    const found = await this.collection
      .find<ReadMcpSession>(
        // That it has an owner is said apart, so that the index over that is used.
        { ownedUntil: { $gt: new Date(0) }, $expr: { $lt: ['$ownedUntil', '$$NOW'] } },
        { projection: MCP_SESSION_PROJECTION, limit },
      )
      .toArray();
    return found.map(toMcpSession);
  }

  async list({ tenantId, projectId, id }: InstancePath, page: PageRequest): Promise<Page<McpSession>> {
    const path = {
      tenantId: new Types.ObjectId(tenantId),
      projectId: new Types.ObjectId(projectId),
      instanceId: new Types.ObjectId(id),
    };
    const found = await this.collection
      .find<ReadMcpSession>(
        { ...path, ...beforeCursor(page.cursor) },
        { projection: MCP_SESSION_PROJECTION, sort: { _id: -1 }, limit: page.limit + 1 },
      )
      .toArray();
    const items = found.slice(0, page.limit).map(toMcpSession);
    return { items, nextCursor: found.length > page.limit ? (items.at(-1)?.id ?? null) : null };
  }
}
