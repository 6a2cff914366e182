import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import type { InstanceRevision } from '../../domain/agent-instances/agent-instance.js';
import { InstanceRevisions } from '../../domain/agent-instances/instance-revisions.repository.js';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import type { AgentInstanceId, TenantId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { driverCollection } from '../database/driver-collection.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { fromInstanceRevision, toInstanceRevision } from './instance-revision.mapper.js';
import { INSTANCE_REVISION_MODEL, type InstanceRevisionRecord } from './instance-revision.schema.js';

@Injectable()
export class MongoInstanceRevisions extends InstanceRevisions {
  private readonly collection: mongo.Collection<InstanceRevisionRecord>;

  constructor(@InjectModel(INSTANCE_REVISION_MODEL) model: Model<InstanceRevisionRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async insertOnce(revision: InstanceRevision): Promise<void> {
    try {
      await this.collection.insertOne(fromInstanceRevision(revision));
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  async find(instanceId: AgentInstanceId, tenantId: TenantId, revision: number): Promise<InstanceRevision | null> {
    const record = await this.collection.findOne({ ...of(instanceId, tenantId), revision });
    return record === null ? null : toInstanceRevision(record);
  }

  async list(instanceId: AgentInstanceId, tenantId: TenantId, page: PageRequest): Promise<Page<InstanceRevision>> {
    const records = await this.collection
      .find(
        { ...of(instanceId, tenantId), ...beforeRevision(page.cursor) },
        { sort: { revision: -1 }, limit: page.limit + 1 },
      )
      .toArray();
    const items = records.slice(0, page.limit).map(toInstanceRevision);
    return { items, nextCursor: records.length > page.limit ? String(items.at(-1)?.revision) : null };
  }
}

function beforeRevision(cursor: string | undefined): { revision?: { $lt: number } } {
  if (cursor === undefined) return {};
  if (!/^[1-9]\d{0,8}$/.test(cursor)) {
    throw new ValidationFailedError([{ pointer: 'cursor', detail: 'must be a nextCursor as Muster gave it' }]);
  }
  return { revision: { $lt: Number(cursor) } };
}

const of = (instanceId: AgentInstanceId, tenantId: TenantId) => ({
  tenantId: new Types.ObjectId(tenantId),
  instanceId: new Types.ObjectId(instanceId),
});
