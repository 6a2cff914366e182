import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, mongo } from 'mongoose';
import { DueRecords, type DueKind } from '../../domain/lifecycle/due-work.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { driverCollection } from '../database/driver-collection.js';
import { healthCheckDue, PORTS, stepDue, unserved, UPLINK } from './due-filters.js';

@Injectable()
export class MongoDueRecords extends DueRecords {
  private readonly collection: mongo.Collection<AgentInstanceRecord>;

  constructor(@InjectModel(AGENT_INSTANCE_MODEL) model: Model<AgentInstanceRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  /** A union, and no $or: each part has an index of its own, and stops at the first that it finds. */
  async kinds(): Promise<ReadonlySet<DueKind>> {
    const now = new Date();
    const first = (kind: DueKind, filter: Record<string, unknown>): object[] => [
      { $match: filter },
      { $limit: 1 },
      { $project: { _id: 0, kind: { $literal: kind } } },
    ];
    const others = [
      first('health-check', healthCheckDue(now)),
      first('ports', unserved(PORTS, now)),
      first('uplink', unserved(UPLINK, now)),
    ];
    const coll = this.collection.collectionName;
    const found = await this.collection
      .aggregate<{ kind: DueKind }>([
        ...first('step', stepDue(now)),
        ...others.map((pipeline) => ({ $unionWith: { coll, pipeline } })),
      ])
      .toArray();
    return new Set(found.map(({ kind }) => kind));
  }
}
