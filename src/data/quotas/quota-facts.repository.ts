import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import type { AgentInstanceId, ProjectId, RunId, TenantId } from '../../domain/ids.js';
import { QuotaFacts, type Facts, type InstanceFact } from '../../domain/quotas/quota-facts.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { driverCollection } from '../database/driver-collection.js';
import { PROJECT_MODEL, type ProjectRecord } from '../projects/project.schema.js';
import { RUN_MODEL, type RunRecord } from '../runs/run.schema.js';

type InstanceRecord = Pick<AgentInstanceRecord, '_id' | 'projectId' | 'manifest' | 'lifecycle' | 'removedAt'>;
type OpenRecord = Pick<RunRecord, '_id' | 'projectId' | 'status'>;

@Injectable()
export class MongoQuotaFacts extends QuotaFacts {
  private readonly agents: mongo.Collection<AgentInstanceRecord>;
  private readonly projects: mongo.Collection<ProjectRecord>;
  private readonly runs: mongo.Collection<RunRecord>;

  constructor(
    @InjectModel(AGENT_INSTANCE_MODEL) instances: Model<AgentInstanceRecord>,
    @InjectModel(PROJECT_MODEL) projects: Model<ProjectRecord>,
    @InjectModel(RUN_MODEL) runs: Model<RunRecord>,
  ) {
    super();
    this.agents = driverCollection(instances);
    this.projects = driverCollection(projects);
    this.runs = driverCollection(runs);
  }

  async all(
    tenantId: TenantId,
    named: { readonly instances: readonly AgentInstanceId[]; readonly runs: readonly RunId[] },
  ): Promise<Facts> {
    // First what is to be made, then what is there: what is made in between is seen twice, never not at all.
    const pending = await this.pending(tenantId);
    const [alive, runs] = await Promise.all([this.alive(tenantId), this.openRuns(tenantId, named.runs)]);
    const seen = new Set(alive.map(({ id }) => id));
    const others = await this.instances(
      tenantId,
      named.instances.filter((id) => !seen.has(id)),
    );
    return { instances: [...alive, ...others], pending, runs };
  }

  async instances(tenantId: TenantId, ids: readonly AgentInstanceId[]): Promise<readonly InstanceFact[]> {
    if (ids.length === 0) return [];
    return this.find({ _id: { $in: ids.map((id) => new Types.ObjectId(id)) }, tenantId: new Types.ObjectId(tenantId) });
  }

  private async alive(tenantId: TenantId): Promise<readonly InstanceFact[]> {
    return this.find({ tenantId: new Types.ObjectId(tenantId), removedAt: null });
  }

  private async find(filter: mongo.Filter<AgentInstanceRecord>): Promise<readonly InstanceFact[]> {
    const found = await this.agents
      .find(filter)
      .project<InstanceRecord>({
        projectId: 1,
        'manifest.resources': 1,
        'manifest.image': 1,
        'lifecycle.desired': 1,
        'lifecycle.state': 1,
        'lifecycle.retryAt': 1,
        'lifecycle.replicas.index': 1,
        'lifecycle.replicas.state': 1,
        'lifecycle.replicas.companionId': 1,
        'lifecycle.image.companion': 1,
        removedAt: 1,
      })
      .toArray();
    return found.map(({ _id, projectId, manifest, lifecycle, removedAt }) => ({
      id: _id.toHexString() as AgentInstanceId,
      projectId: projectId.toHexString() as ProjectId,
      manifest,
      lifecycle,
      removedAt,
    }));
  }

  private async pending(tenantId: TenantId): Promise<Facts['pending']> {
    const found = await this.projects
      .find({ tenantId: new Types.ObjectId(tenantId), 'pendingSnapshots.0': { $exists: true } })
      .project<Pick<ProjectRecord, '_id' | 'pendingSnapshots'>>({ pendingSnapshots: 1 })
      .toArray();
    return found.flatMap(({ _id, pendingSnapshots }) =>
      pendingSnapshots.map((id) => ({
        id: id.toHexString() as AgentInstanceId,
        projectId: _id.toHexString() as ProjectId,
      })),
    );
  }

  /** The open ones, found by the index over their owners' time, and those that are named. */
  private async openRuns(tenantId: TenantId, named: readonly RunId[]): Promise<Facts['runs']> {
    const ofTenant = { tenantId: new Types.ObjectId(tenantId) };
    const [open, others] = await Promise.all([
      this.findRuns({ ...ofTenant, ownedUntil: { $gt: new Date(0) }, status: { $in: ['queued', 'running'] } }),
      named.length === 0 ? [] : this.findRuns({ ...ofTenant, _id: { $in: named.map((id) => new Types.ObjectId(id)) } }),
    ]);
    return [...open, ...others].map(({ _id, projectId, status }) => ({
      id: _id.toHexString() as RunId,
      projectId: projectId.toHexString() as ProjectId,
      open: status === 'queued' || status === 'running',
    }));
  }

  private async findRuns(filter: mongo.Filter<RunRecord>): Promise<OpenRecord[]> {
    return this.runs.find(filter).project<OpenRecord>({ projectId: 1, status: 1 }).toArray();
  }
}
