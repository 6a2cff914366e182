import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { AgentLease } from '../../domain/lifecycle/agent-leases.js';
import type { PortBinding } from '../../domain/lifecycle/lifecycle.js';
import { PortRecords } from '../../domain/lifecycle/port-records.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { byOwner, MongoAgentLeases } from './agent-leases.js';
import { PORTS } from './due-filters.js';
import { ManagedDocuments } from './managed-documents.js';

@Injectable()
export class MongoPortRecords extends PortRecords {
  readonly leases: MongoAgentLeases;
  private readonly documents: ManagedDocuments;

  constructor(@InjectModel(AGENT_INSTANCE_MODEL) model: Model<AgentInstanceRecord>) {
    super();
    this.documents = new ManagedDocuments(model);
    this.leases = new MongoAgentLeases(this.documents, PORTS);
  }

  async note(lease: AgentLease, bindings: readonly PortBinding[]): Promise<void> {
    const update = { $set: { 'lifecycle.ports.bindings': [...bindings] } };
    await this.documents.collection.updateOne(byOwner(PORTS, lease), update);
  }
}
