import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model } from 'mongoose';
import type { AgentInstanceId, RunId } from '../../domain/ids.js';
import { AgentRuns } from '../../domain/lifecycle/agent-runs.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { canServe } from '../../domain/lifecycle/serving-replicas.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { MAY_SERVE } from './due-filters.js';
import { withoutRun } from './lifecycle-updates.js';
import { byPath, idAfter, ManagedDocuments } from './managed-documents.js';

@Injectable()
export class MongoAgentRuns extends AgentRuns {
  private readonly documents: ManagedDocuments;

  constructor(@InjectModel(AGENT_INSTANCE_MODEL) model: Model<AgentInstanceRecord>) {
    super();
    this.documents = new ManagedDocuments(model);
  }

  async begin(path: InstancePath, runId: RunId, limit: number): Promise<ManagedInstance | null> {
    const begun = await this.documents.change(
      { ...byPath(path), $or: MAY_SERVE, [`openRuns.${limit - 1}`]: { $exists: false } },
      {
        $addToSet: { openRuns: new Types.ObjectId(runId) },
        $set: { status: 'busy' },
        $currentDate: { 'lifecycle.lastUsedAt': true },
      },
    );
    if (begun !== null) return begun;
    const seen = await this.documents.get(path);
    const { state } = seen.lifecycle;
    if (state !== 'running' && !canServe(seen)) throw new AgentNotRunningError(path.id, state);
    return null;
  }

  async end(id: AgentInstanceId, runId: RunId): Promise<void> {
    await this.documents.collection.updateOne({ _id: new Types.ObjectId(id) }, withoutRun(runId));
  }

  async findBusy(
    after: AgentInstanceId | null,
    limit: number,
  ): Promise<readonly Pick<ManagedInstance, 'id' | 'tenantId' | 'openRuns'>[]> {
    // Compared with an id, so that the index over the array's elements serves.
    return this.documents.read({ ...idAfter(after), openRuns: { $gt: new Types.ObjectId('0'.repeat(24)) } }, limit);
  }
}
