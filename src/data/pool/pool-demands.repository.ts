import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, mongo } from 'mongoose';
import { PoolDemands, type PoolDemand } from '../../domain/pool/pool-demands.repository.js';
import type { PoolSpec } from '../../domain/pool/pool-spec.js';
import { driverCollection } from '../database/driver-collection.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import {
  POOL_DEMAND_MODEL,
  POOL_LEAD_MODEL,
  type PoolDemandRecord,
  type PoolLeadRecord,
} from './pool-demand.schema.js';

/** More uses than that within a minute wish for no more containers. */
const USES_KEPT = 100;
const LEAD = 'filler';
/** In the past by every clock. */
const RELEASED = new Date(0);

@Injectable()
export class MongoPoolDemands extends PoolDemands {
  private readonly demands: mongo.Collection<PoolDemandRecord>;
  private readonly leads: mongo.Collection<PoolLeadRecord>;

  constructor(
    @InjectModel(POOL_DEMAND_MODEL) demands: Model<PoolDemandRecord>,
    @InjectModel(POOL_LEAD_MODEL) leads: Model<PoolLeadRecord>,
  ) {
    super();
    this.demands = driverCollection(demands);
    this.leads = driverCollection(leads);
  }

  async note(pool: string, spec: PoolSpec, uses: readonly Date[]): Promise<void> {
    const lastUsedAt = uses.at(-1);
    if (lastUsedAt === undefined) return;
    await this.demands.updateOne(
      { _id: pool },
      {
        $set: { lastUsedAt },
        $push: { uses: { $each: [...uses], $slice: -USES_KEPT } },
        $setOnInsert: { spec: JSON.stringify(spec) },
      },
      { upsert: true },
    );
  }

  async list(): Promise<readonly PoolDemand[]> {
    const records = await this.demands.find().toArray();
    return records.map(({ _id, spec, ...uses }) => ({ ...uses, pool: _id, spec: JSON.parse(spec) as PoolSpec }));
  }

  async forget({ pool, lastUsedAt }: PoolDemand): Promise<void> {
    await this.demands.deleteOne({ _id: pool, lastUsedAt });
  }

  async takeLead(owner: string, ttlMs: number): Promise<boolean> {
    const take = async (): Promise<boolean> => {
      const taken = await this.leads.updateOne(
        { _id: LEAD, $or: [{ owner }, { $expr: { $lt: ['$until', '$$NOW'] } }] },
        [{ $set: { owner, until: { $add: ['$$NOW', ttlMs] } } }],
      );
      return taken.matchedCount === 1;
    };
    // An upsert cannot look at the database's clock, so the first one to come makes the document that is then taken.
    return (await take()) || ((await this.makeLead()) && take());
  }

  async releaseLead(owner: string): Promise<void> {
    await this.leads.updateOne({ _id: LEAD, owner }, { $set: { until: RELEASED } });
  }

  /** Whether there was none. */
  private async makeLead(): Promise<boolean> {
    try {
      await this.leads.insertOne({ _id: LEAD, owner: '', until: RELEASED });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}
