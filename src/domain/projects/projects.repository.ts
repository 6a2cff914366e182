import type { DomainEvent } from '../events/domain-events.js';
import type { AgentInstanceId, ProjectId, TenantId } from '../ids.js';
import type { Page, PageRequest } from '../page.js';
import type { Project, ProjectChange, RoleAssignment } from './project.js';

/** A project as it was read: what a change to it depends on. */
export type ReadProject = Pick<Project, 'id' | 'tenantId' | 'revision'>;

/**
 * Where projects are kept. Each change is one write, carried out only if `read.revision` is still current.
 * All changes throw ConcurrentUpdateError, ArchivedError, OutboxFullError or NotFoundError when nothing matched.
 */
export abstract class Projects {
  /** Inserts it with its event. @throws NameTakenError when a live project has the slug */
  abstract insert(project: Project, event: DomainEvent<'project.created'>): Promise<void>;
  /** Archived ones too. */
  abstract find(id: ProjectId, tenantId: TenantId): Promise<Project | null>;
  /** The live one of that slug. */
  abstract findBySlug(slug: string, tenantId: TenantId): Promise<Project | null>;
  /** The live ones, newest first. */
  abstract list(tenantId: TenantId, page: PageRequest): Promise<Page<Project>>;
  abstract update(read: ReadProject, change: ProjectChange, event: DomainEvent<'project.updated'>): Promise<Project>;
  /** Adds a seat and moves the counters. Its snapshot is pending from now on. */
  abstract assign(
    read: ReadProject,
    seat: RoleAssignment,
    roleCounters: Project['roleCounters'],
    event: DomainEvent<'project.role-assigned'>,
  ): Promise<Project>;
  /** Takes a seat away. The removal of its agent is pending from now on. */
  abstract unassign(
    read: ReadProject,
    seat: RoleAssignment,
    event: DomainEvent<'project.role-unassigned'>,
  ): Promise<Project>;
  /** Frees the slug. The removal of every agent is pending from now on; no snapshot is. */
  abstract archive(
    read: ReadProject,
    seats: readonly RoleAssignment[],
    event: DomainEvent<'project.archived'>,
  ): Promise<Project>;

  /** Projects of every tenant in which snapshots or removals are pending, by id after `after`. */
  abstract findPending(after: ProjectId | null, limit: number): Promise<readonly Project[]>;
  /** Notes that these instances exist. Doing it twice does nothing. */
  abstract snapshotsExist(done: readonly PendingDone[]): Promise<void>;
  /** Notes that these agents have been asked to go. Doing it twice does nothing. */
  abstract removalsRequested(done: PendingDone): Promise<void>;
}

/** Instances of one project for which the pending work is done. */
export interface PendingDone {
  readonly projectId: ProjectId;
  readonly tenantId: TenantId;
  readonly instanceIds: readonly AgentInstanceId[];
}
