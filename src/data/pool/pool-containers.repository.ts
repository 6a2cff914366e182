import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import type { AgentInstanceId, PoolMemberId } from '../../domain/ids.js';
import type { NewPoolContainer, PoolContainer, PoolState, ReadyContainer } from '../../domain/pool/pool-container.js';
import { PoolContainers } from '../../domain/pool/pool-containers.repository.js';
import { driverCollection } from '../database/driver-collection.js';
import { toPoolContainer } from './pool-container.mapper.js';
import { POOL_CONTAINER_MODEL, type PoolContainerRecord } from './pool-container.schema.js';

@Injectable()
export class MongoPoolContainers extends PoolContainers {
  private readonly collection: mongo.Collection<PoolContainerRecord>;

  constructor(@InjectModel(POOL_CONTAINER_MODEL) model: Model<PoolContainerRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async insert({ id, ...container }: NewPoolContainer): Promise<void> {
    await this.collection.insertOne({
      ...container,
      _id: new Types.ObjectId(id),
      state: 'preparing',
      containerId: null,
      startedAt: null,
      claimedBy: null,
      createdAt: new Date(),
    });
  }

  async markReady(
    id: PoolMemberId,
    { id: containerId, startedAt }: { readonly id: string; readonly startedAt: Date | null },
  ): Promise<boolean> {
    const { modifiedCount } = await this.collection.updateOne(
      { _id: new Types.ObjectId(id), state: 'preparing' },
      { $set: { state: 'ready', containerId, startedAt } },
    );
    return modifiedCount === 1;
  }

  async claim(pool: string, instance: AgentInstanceId): Promise<ReadyContainer | null> {
    const claimedBy = new Types.ObjectId(instance);
    for (;;) {
      const claimed = await this.collection.findOneAndUpdate(
        { pool, $or: [{ state: 'ready' }, { state: 'claimed', claimedBy }] },
        { $set: { state: 'claimed', claimedBy } },
        // "claimed" comes before "ready": first its own.
        { sort: { state: 1, _id: 1 }, returnDocument: 'after' },
      );
      if (claimed !== null) return toPoolContainer(claimed) as ReadyContainer;
      // Somebody may just have taken the one that this was to be, while others still wait.
      if ((await this.collection.findOne({ pool, state: 'ready' }, { projection: { _id: 1 } })) === null) return null;
    }
  }

  async retire(id: PoolMemberId, from: Exclude<PoolState, 'gone'>): Promise<boolean> {
    const { modifiedCount } = await this.collection.updateOne(
      { _id: new Types.ObjectId(id), state: from },
      { $set: { state: 'gone' } },
    );
    return modifiedCount === 1;
  }

  async forget(id: PoolMemberId): Promise<void> {
    await this.collection.deleteOne({ _id: new Types.ObjectId(id), state: 'gone' });
  }

  async find(id: PoolMemberId): Promise<PoolContainer | null> {
    const record = await this.collection.findOne({ _id: new Types.ObjectId(id) });
    return record === null ? null : toPoolContainer(record);
  }

  async list(...states: readonly PoolState[]): Promise<readonly PoolContainer[]> {
    const records = await this.collection
      .find({ state: { $in: [...states] } })
      .sort({ _id: 1 })
      .toArray();
    return records.map(toPoolContainer);
  }
}
