import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model } from 'mongoose';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import type { PortBinding } from '../../domain/lifecycle/lifecycle.js';
import { PortRecords, type PortLease } from '../../domain/lifecycle/port-records.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { fromNow, literal } from './lifecycle-updates.js';
import { ManagedDocuments, RELEASED } from './managed-documents.js';

const WANTED = { 'lifecycle.desired.state': 'running', removedAt: null } as const;
const UNTIL = 'lifecycle.ports.lease.until';
const IS_FREE = { $lte: [{ $ifNull: [`$${UNTIL}`, RELEASED] }, '$$NOW'] };

const byOwner = ({ id, owner }: PortLease): Record<string, unknown> => ({
  _id: new Types.ObjectId(id),
  'lifecycle.ports.lease.owner': owner,
});

@Injectable()
export class MongoPortRecords extends PortRecords {
  private readonly documents: ManagedDocuments;

  constructor(@InjectModel(AGENT_INSTANCE_MODEL) model: Model<AgentInstanceRecord>) {
    super();
    this.documents = new ManagedDocuments(model);
  }

  async findUnserved(limit: number): Promise<readonly ManagedInstance[]> {
    // Only a hint, so this process's clock will do: who takes the lease asks the database's.
    return this.documents.read(
      { ...WANTED, 'manifest.ports.0': { $exists: true }, [UNTIL]: { $not: { $gt: new Date() } } },
      limit,
    );
  }

  async take({ id, owner }: PortLease, ttlMs: number): Promise<ManagedInstance | null> {
    const mine = {
      lease: { owner: literal(owner), until: fromNow(ttlMs) },
      bindings: { $ifNull: ['$lifecycle.ports.bindings', []] },
    };
    const seen = await this.documents.change({ _id: new Types.ObjectId(id), ...WANTED }, [
      { $set: { 'lifecycle.ports': { $cond: [IS_FREE, mine, '$lifecycle.ports'] } } },
    ]);
    return seen?.lifecycle.ports?.lease.owner === owner ? seen : null;
  }

  async renew(lease: PortLease, ttlMs: number): Promise<ManagedInstance | null> {
    return this.documents.change({ ...byOwner(lease), ...WANTED }, [{ $set: { [UNTIL]: fromNow(ttlMs) } }]);
  }

  async note(lease: PortLease, bindings: readonly PortBinding[]): Promise<void> {
    await this.documents.collection.updateOne(byOwner(lease), { $set: { 'lifecycle.ports.bindings': [...bindings] } });
  }

  async release(lease: PortLease): Promise<void> {
    await this.documents.collection.updateOne(byOwner(lease), { $set: { [UNTIL]: RELEASED } });
  }
}
