import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model } from 'mongoose';
import type { AgentInstanceId, ProjectId, TenantId } from '../../domain/ids.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { UplinkRecords, type UplinkLease } from '../../domain/network/uplink-records.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { fromNow, literal } from './lifecycle-updates.js';
import { ManagedDocuments, RELEASED } from './managed-documents.js';

const WANTED = { 'lifecycle.desired.state': 'running', removedAt: null } as const;
const UNTIL = 'lifecycle.uplink.lease.until';
const IS_FREE = { $lte: [{ $ifNull: [`$${UNTIL}`, RELEASED] }, '$$NOW'] };
/** As the index says it, too. */
const IS_CARRIED = { $exists: true, $in: ['project', 'egress'] };

const byOwner = ({ id, owner }: UplinkLease): Record<string, unknown> => ({
  _id: new Types.ObjectId(id),
  'lifecycle.uplink.lease.owner': owner,
});

@Injectable()
export class MongoUplinkRecords extends UplinkRecords {
  private readonly documents: ManagedDocuments;

  constructor(@InjectModel(AGENT_INSTANCE_MODEL) model: Model<AgentInstanceRecord>) {
    super();
    this.documents = new ManagedDocuments(model);
  }

  async findUnserved(limit: number): Promise<readonly AgentInstanceId[]> {
    // Only a hint, so this process's clock will do: who takes the lease asks the database's.
    const unserved = { ...WANTED, 'manifest.network.mode': IS_CARRIED, [UNTIL]: { $not: { $gt: new Date() } } };
    const found = await this.documents.collection
      .find<{ _id: Types.ObjectId }>(unserved, { projection: { _id: 1 } })
      .limit(limit)
      .toArray();
    return found.map(({ _id }) => _id.toHexString() as AgentInstanceId);
  }

  async take({ id, owner }: UplinkLease, ttlMs: number): Promise<ManagedInstance | null> {
    const mine = { lease: { owner: literal(owner), until: fromNow(ttlMs) } };
    const seen = await this.documents.change({ _id: new Types.ObjectId(id), ...WANTED }, [
      { $set: { 'lifecycle.uplink': { $cond: [IS_FREE, mine, '$lifecycle.uplink'] } } },
    ]);
    return seen?.lifecycle.uplink?.lease.owner === owner ? seen : null;
  }

  async renew(lease: UplinkLease, ttlMs: number): Promise<ManagedInstance | null> {
    return this.documents.change({ ...byOwner(lease), ...WANTED }, [{ $set: { [UNTIL]: fromNow(ttlMs) } }]);
  }

  async release(lease: UplinkLease): Promise<void> {
    await this.documents.collection.updateOne(byOwner(lease), { $set: { [UNTIL]: RELEASED } });
  }

  async findPeer(tenantId: TenantId, projectId: ProjectId, identifier: string): Promise<ManagedInstance | null> {
    const [found] = await this.documents.read(
      {
        tenantId: new Types.ObjectId(tenantId),
        projectId: new Types.ObjectId(projectId),
        identifier,
        removedAt: null,
      },
      1,
    );
    return found ?? null;
  }
}
