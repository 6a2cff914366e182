import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import { FileJournal, type FileEvent } from '../../domain/files/file-journal.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { driverCollection } from '../database/driver-collection.js';
import { outboxHasRoom, toOutboxRecord } from '../outbox/outbox.schema.js';

const WHAT = 'agent';

@Injectable()
export class MongoFileJournal extends FileJournal {
  private readonly collection: mongo.Collection<AgentInstanceRecord>;

  constructor(@InjectModel(AGENT_INSTANCE_MODEL) model: Model<AgentInstanceRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async assertRoom(path: InstancePath): Promise<void> {
    const filter = { ...byPath(path), ...outboxHasRoom(OUTBOX_LIMIT) };
    const found = await this.collection.findOne(filter, { projection: { _id: 1 } });
    if (found === null) throw await this.whyNotMatched(path);
  }

  async note(path: InstancePath, event: FileEvent): Promise<void> {
    const { matchedCount } = await this.collection.updateOne(
      { ...byPath(path), ...outboxHasRoom(OUTBOX_LIMIT) },
      { $push: { outbox: toOutboxRecord(event) } },
    );
    if (matchedCount === 0) throw await this.whyNotMatched(path);
  }

  private async whyNotMatched(path: InstancePath): Promise<Error> {
    const found = await this.collection.findOne(byPath(path), { projection: { _id: 1 } });
    return found === null ? new NotFoundError(WHAT, path.id) : new OutboxFullError(WHAT, path.id);
  }
}

const byPath = ({ id, tenantId, projectId }: InstancePath) => ({
  _id: new Types.ObjectId(id),
  tenantId: new Types.ObjectId(tenantId),
  projectId: new Types.ObjectId(projectId),
  removedAt: null,
});
