import { ArchivedError } from '../../../src/domain/errors/archived.error.js';
import { ConcurrentUpdateError } from '../../../src/domain/errors/concurrent-update.error.js';
import { NameTakenError } from '../../../src/domain/errors/name-taken.error.js';
import { NotFoundError } from '../../../src/domain/errors/not-found.error.js';
import type { DomainEvent } from '../../../src/domain/events/domain-events.js';
import type { ProjectId, TenantId } from '../../../src/domain/ids.js';
import type { Page, PageRequest } from '../../../src/domain/page.js';
import type { Project, ProjectChange, RoleAssignment } from '../../../src/domain/projects/project.js';
import { Projects, type PendingDone, type ReadProject } from '../../../src/domain/projects/projects.repository.js';

/** Projects in memory, under the conditions of the port; `events` are what the outboxes would hold. */
export class InMemoryProjects extends Projects {
  readonly events: DomainEvent[] = [];
  private readonly byId = new Map<ProjectId, Project>();

  insert(project: Project, event: DomainEvent<'project.created'>): Promise<void> {
    const taken = [...this.byId.values()].some(
      ({ tenantId, slug, archivedAt }) => tenantId === project.tenantId && slug === project.slug && archivedAt === null,
    );
    if (taken) return Promise.reject(new NameTakenError('project', project.slug));
    this.byId.set(project.id, project);
    this.events.push(event);
    return Promise.resolve();
  }

  find(id: ProjectId, tenantId: TenantId): Promise<Project | null> {
    const project = this.byId.get(id);
    return Promise.resolve(project?.tenantId === tenantId ? project : null);
  }

  findBySlug(slug: string, tenantId: TenantId): Promise<Project | null> {
    const found = [...this.byId.values()].find(
      (project) => project.tenantId === tenantId && project.slug === slug && project.archivedAt === null,
    );
    return Promise.resolve(found ?? null);
  }

  list(tenantId: TenantId, { limit }: PageRequest): Promise<Page<Project>> {
    const items = [...this.byId.values()].filter(
      (project) => project.tenantId === tenantId && project.archivedAt === null,
    );
    return Promise.resolve({ items: items.slice(0, limit), nextCursor: null });
  }

  update(read: ReadProject, change: ProjectChange, event: DomainEvent<'project.updated'>): Promise<Project> {
    return this.change(read, event, (project) => ({ ...project, ...change }));
  }

  assign(
    read: ReadProject,
    seat: RoleAssignment,
    roleCounters: Project['roleCounters'],
    event: DomainEvent<'project.role-assigned'>,
  ): Promise<Project> {
    return this.change(read, event, (project) => ({
      ...project,
      roleCounters,
      roleAssignments: [...project.roleAssignments, seat],
      pendingSnapshots: [...project.pendingSnapshots, seat.instanceId],
    }));
  }

  unassign(read: ReadProject, seat: RoleAssignment, event: DomainEvent<'project.role-unassigned'>): Promise<Project> {
    return this.change(read, event, (project) => ({
      ...project,
      roleAssignments: project.roleAssignments.filter(({ instanceId }) => instanceId !== seat.instanceId),
      pendingSnapshots: project.pendingSnapshots.filter((id) => id !== seat.instanceId),
      pendingRemovals: [...project.pendingRemovals, seat],
    }));
  }

  archive(
    read: ReadProject,
    seats: readonly RoleAssignment[],
    event: DomainEvent<'project.archived'>,
  ): Promise<Project> {
    return this.change(read, event, (project) => ({
      ...project,
      archivedAt: event.at,
      pendingSnapshots: [],
      pendingRemovals: [...project.pendingRemovals, ...seats],
    }));
  }

  findPending(after: ProjectId | null): Promise<readonly Project[]> {
    return Promise.resolve(
      [...this.byId.values()]
        .filter(({ id }) => after === null || id > after)
        .filter(({ pendingSnapshots, pendingRemovals }) => pendingSnapshots.length > 0 || pendingRemovals.length > 0),
    );
  }

  snapshotsExist(done: readonly PendingDone[]): Promise<void> {
    for (const { projectId, instanceIds } of done) {
      const project = this.byId.get(projectId);
      if (project === undefined) continue;
      const pendingSnapshots = project.pendingSnapshots.filter((id) => !instanceIds.includes(id));
      this.byId.set(projectId, { ...project, pendingSnapshots });
    }
    return Promise.resolve();
  }

  removalsRequested({ projectId, instanceIds }: PendingDone): Promise<void> {
    const project = this.byId.get(projectId);
    if (project !== undefined) {
      const pendingRemovals = project.pendingRemovals.filter(({ instanceId }) => !instanceIds.includes(instanceId));
      this.byId.set(projectId, { ...project, pendingRemovals });
    }
    return Promise.resolve();
  }

  /** Looks and writes without a pause in between, as one write to one document does. */
  // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown has to become a rejection
  private async change(read: ReadProject, event: DomainEvent, change: (project: Project) => Project): Promise<Project> {
    const project = this.byId.get(read.id);
    if (project?.tenantId !== read.tenantId) throw new NotFoundError('project', read.id);
    if (project.archivedAt !== null) throw new ArchivedError('project', read.id);
    if (project.revision !== read.revision) throw new ConcurrentUpdateError('project', read.id);
    const changed = { ...change(project), revision: project.revision + 1, updatedAt: event.at };
    this.byId.set(read.id, changed);
    this.events.push(event);
    return changed;
  }
}
