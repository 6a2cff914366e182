import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model } from 'mongoose';
import type { ProjectId, TenantId } from '../../domain/ids.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { UplinkRecords } from '../../domain/network/uplink-records.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { MongoAgentLeases } from './agent-leases.js';
import { UPLINK } from './due-filters.js';
import { ManagedDocuments } from './managed-documents.js';

@Injectable()
export class MongoUplinkRecords extends UplinkRecords {
  readonly leases: MongoAgentLeases;
  private readonly documents: ManagedDocuments;

  constructor(@InjectModel(AGENT_INSTANCE_MODEL) model: Model<AgentInstanceRecord>) {
    super();
    this.documents = new ManagedDocuments(model);
    this.leases = new MongoAgentLeases(this.documents, UPLINK);
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
