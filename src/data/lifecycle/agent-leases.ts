import { Types } from 'mongoose';
import type { AgentInstanceId } from '../../domain/ids.js';
import { AgentLeases, type AgentLease } from '../../domain/lifecycle/agent-leases.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { IS_WANTED, unserved, type Service } from './due-filters.js';
import { fromNow, literal } from './lifecycle-updates.js';
import { RELEASED, type ManagedDocuments } from './managed-documents.js';

type Filter = Record<string, unknown>;

/** Whoever has the lease. */
export const byOwner = ({ field }: Service, { id, owner }: AgentLease): Filter => ({
  _id: new Types.ObjectId(id),
  [`${field}.lease.owner`]: owner,
});

export class MongoAgentLeases extends AgentLeases {
  private readonly until: string;

  constructor(
    private readonly documents: ManagedDocuments,
    private readonly service: Service,
  ) {
    super();
    this.until = `${service.field}.lease.until`;
  }

  async findUnserved(limit: number): Promise<readonly AgentInstanceId[]> {
    const found = await this.documents.collection
      .find<{ _id: Types.ObjectId }>(unserved(this.service, new Date()), { projection: { _id: 1 } })
      .limit(limit)
      .toArray();
    return found.map(({ _id }) => _id.toHexString() as AgentInstanceId);
  }

  async take({ id, owner }: AgentLease, ttlMs: number): Promise<ManagedInstance | null> {
    const { field, first } = this.service;
    const isFree = { $lte: [{ $ifNull: [`$${this.until}`, RELEASED] }, '$$NOW'] };
    const mine = { $mergeObjects: [first, `$${field}`, { lease: { owner: literal(owner), until: fromNow(ttlMs) } }] };
    const seen = await this.documents.change({ _id: new Types.ObjectId(id), ...IS_WANTED }, [
      { $set: { [field]: { $cond: [isFree, mine, `$${field}`] } } },
    ]);
    const { ports, uplink } = seen?.lifecycle ?? {};
    const taken = field === 'lifecycle.ports' ? ports : uplink;
    return taken?.lease.owner === owner ? (seen ?? null) : null;
  }

  async renew(lease: AgentLease, ttlMs: number): Promise<ManagedInstance | null> {
    const update = [{ $set: { [this.until]: fromNow(ttlMs) } }];
    return this.documents.change({ ...byOwner(this.service, lease), ...IS_WANTED }, update);
  }

  async release(lease: AgentLease): Promise<void> {
    await this.documents.collection.updateOne(byOwner(this.service, lease), { $set: { [this.until]: RELEASED } });
  }
}
