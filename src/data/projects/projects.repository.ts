import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import { ArchivedError } from '../../domain/errors/archived.error.js';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import { NameTakenError } from '../../domain/errors/name-taken.error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import type { AgentInstanceId, ProjectId, TenantId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import type { Project, ProjectChange, RoleAssignment } from '../../domain/projects/project.js';
import { Projects, type PendingDone, type ReadProject } from '../../domain/projects/projects.repository.js';
import { beforeCursor } from '../database/before-cursor.js';
import { driverCollection } from '../database/driver-collection.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { outboxHasRoom, toOutboxRecord } from '../outbox/outbox.schema.js';
import {
  fromProject,
  fromRoleAssignment,
  PROJECT_PROJECTION,
  toProject,
  type ReadProjectRecord,
} from './project.mapper.js';
import { PROJECT_MODEL, type ProjectRecord } from './project.schema.js';

const WHAT = 'project';

/** What a change sets, pushes and pulls, beside the revision, the time and the event. */
type Change = Pick<mongo.UpdateFilter<ProjectRecord>, '$set' | '$push' | '$pull'>;

@Injectable()
export class MongoProjects extends Projects {
  private readonly collection: mongo.Collection<ProjectRecord>;

  constructor(@InjectModel(PROJECT_MODEL) model: Model<ProjectRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async insert(project: Project, event: DomainEvent<'project.created'>): Promise<void> {
    try {
      await this.collection.insertOne({ ...fromProject(project), outbox: [toOutboxRecord(event)] });
    } catch (error) {
      if (isDuplicateKey(error)) throw new NameTakenError(WHAT, project.slug);
      throw error;
    }
  }

  async find(id: ProjectId, tenantId: TenantId): Promise<Project | null> {
    const record = await this.collection.findOne<ReadProjectRecord>(one(id, tenantId), {
      projection: PROJECT_PROJECTION,
    });
    return record === null ? null : toProject(record);
  }

  async findBySlug(slug: string, tenantId: TenantId): Promise<Project | null> {
    const record = await this.collection.findOne<ReadProjectRecord>(
      { tenantId: new Types.ObjectId(tenantId), slugKey: slug },
      { projection: PROJECT_PROJECTION },
    );
    return record === null ? null : toProject(record);
  }

  async list(tenantId: TenantId, page: PageRequest): Promise<Page<Project>> {
    const records = await this.collection
      .find<ReadProjectRecord>(
        { tenantId: new Types.ObjectId(tenantId), archivedAt: null, ...beforeCursor(page.cursor) },
        { projection: PROJECT_PROJECTION, sort: { _id: -1 }, limit: page.limit + 1 },
      )
      .toArray();
    const items = records.slice(0, page.limit).map(toProject);
    return { items, nextCursor: records.length > page.limit ? (items.at(-1)?.id ?? null) : null };
  }

  async update(read: ReadProject, change: ProjectChange, event: DomainEvent<'project.updated'>): Promise<Project> {
    return this.change(read, { $set: { ...change } }, event);
  }

  async assign(
    read: ReadProject,
    seat: RoleAssignment,
    roleCounters: Project['roleCounters'],
    event: DomainEvent<'project.role-assigned'>,
  ): Promise<Project> {
    const record = fromRoleAssignment(seat);
    return this.change(
      read,
      {
        $set: { roleCounters: { ...roleCounters } },
        $push: { roleAssignments: record, pendingSnapshots: record.instanceId },
      },
      event,
    );
  }

  async unassign(
    read: ReadProject,
    seat: RoleAssignment,
    event: DomainEvent<'project.role-unassigned'>,
  ): Promise<Project> {
    const record = fromRoleAssignment(seat);
    return this.change(
      read,
      {
        $push: { pendingRemovals: record },
        $pull: { roleAssignments: { instanceId: record.instanceId }, pendingSnapshots: record.instanceId },
      },
      event,
    );
  }

  async archive(
    read: ReadProject,
    seats: readonly RoleAssignment[],
    event: DomainEvent<'project.archived'>,
  ): Promise<Project> {
    return this.change(
      read,
      {
        $set: { archivedAt: event.at, slugKey: `#${read.id}`, pendingSnapshots: [] },
        $push: { pendingRemovals: { $each: seats.map(fromRoleAssignment) } },
      },
      event,
    );
  }

  async findPending(after: ProjectId | null, limit: number): Promise<readonly Project[]> {
    const records = await this.collection
      .find<ReadProjectRecord>(
        {
          $or: [{ 'pendingSnapshots.0': { $exists: true } }, { 'pendingRemovals.instanceId': { $exists: true } }],
          ...(after === null ? {} : { _id: { $gt: new Types.ObjectId(after) } }),
        },
        { projection: PROJECT_PROJECTION, sort: { _id: 1 }, limit },
      )
      .toArray();
    return records.map(toProject);
  }

  async snapshotsExist(done: readonly PendingDone[]): Promise<void> {
    const ids = done.flatMap(({ instanceIds }) => objectIds(instanceIds));
    await this.collection.updateMany(
      { _id: { $in: objectIds(done.map(({ projectId }) => projectId)) } },
      { $pullAll: { pendingSnapshots: ids } },
    );
  }

  async removalsRequested({ projectId, tenantId, instanceIds }: PendingDone): Promise<void> {
    await this.collection.updateOne(one(projectId, tenantId), {
      $pull: { pendingRemovals: { instanceId: { $in: objectIds(instanceIds) } } },
    });
  }

  private async change(read: ReadProject, change: Change, event: DomainEvent): Promise<Project> {
    const record = await this.collection.findOneAndUpdate(
      {
        ...one(read.id, read.tenantId),
        archivedAt: null,
        revision: read.revision,
        ...outboxHasRoom(OUTBOX_LIMIT),
      },
      {
        ...change,
        $set: { ...change.$set, revision: read.revision + 1, updatedAt: event.at },
        $push: { ...change.$push, outbox: toOutboxRecord(event) },
      },
      { projection: PROJECT_PROJECTION, returnDocument: 'after' },
    );
    if (record === null) throw await this.whyNotMatched(read);
    return toProject(record);
  }

  private async whyNotMatched({ id, tenantId, revision }: ReadProject): Promise<Error> {
    const project = await this.find(id, tenantId);
    if (project === null) return new NotFoundError(WHAT, id);
    if (project.archivedAt !== null) return new ArchivedError(WHAT, id);
    if (project.revision !== revision) return new ConcurrentUpdateError(WHAT, id);
    return new OutboxFullError(WHAT, id);
  }
}

const one = (id: ProjectId, tenantId: TenantId) => ({
  _id: new Types.ObjectId(id),
  tenantId: new Types.ObjectId(tenantId),
});

const objectIds = (ids: readonly (ProjectId | AgentInstanceId)[]) => ids.map((id) => new Types.ObjectId(id));
