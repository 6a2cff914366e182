import { Injectable } from '@nestjs/common';
import type { AgentInstance, AgentStatus, InstanceEdit } from '../../domain/agent-instances/agent-instance.js';
import { AgentInstances } from '../../domain/agent-instances/agent-instances.repository.js';
import type { AgentSnapshot } from '../../domain/agent-snapshots/agent-snapshot.js';
import { DomainError } from '../../domain/errors/domain-error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { systemActor, type Actor } from '../../domain/events/actor.js';
import type { AgentInstanceId, ProjectId, TemplateId, TenantId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { signedOriginOf } from '../../domain/projects/spawn.js';
import { ProjectsService, type Asking } from '../projects/projects.service.js';
import { TemplatesService } from '../templates/templates.service.js';
import { InstanceEdits, type EditOptions } from './instance-edits.js';
import { SnapshotRestores, type Restored, type RestoreOptions } from './snapshot-restores.js';

const MUSTER = systemActor('agent-instances');
/** The seat of a template that names no role. */
const ROLE_OF_NONE = 'agent';

/** What a fork says for itself; what it leaves out is the snapshot's. */
export interface ForkedSeat {
  readonly role?: string;
  readonly displayName?: string;
  /** In the words of who asks. */
  readonly reason?: string;
}

/** The agents of projects: made as snapshots of templates, and on their own from then on. */
@Injectable()
export class AgentInstancesService {
  constructor(
    private readonly instances: AgentInstances,
    private readonly projects: ProjectsService,
    private readonly templates: TemplatesService,
    private readonly edits: InstanceEdits,
    private readonly restores: SnapshotRestores,
  ) {}

  /**
   * Creates an instance from the newest version of a template. It takes a seat of the project: the template's role.
   * @throws NotFoundError, TemplatesUnknownError, ArchivedError, and SNAPSHOTS_PENDING when it takes too long
   */
  async createSnapshot(
    projectId: ProjectId,
    tenantId: TenantId,
    templateId: TemplateId,
    displayName?: string,
    actor: Actor = MUSTER,
  ): Promise<AgentInstance> {
    const [template] = await this.templates.resolve(tenantId, [{ templateId, pointer: '/templateId' }]);
    const { value: project } = await this.projects.assign({ tenantId, actor }, projectId, {
      role: template?.content.role === '' ? ROLE_OF_NONE : (template?.content.role ?? ROLE_OF_NONE),
      templateId,
      ...(template === undefined ? {} : { templateVersion: template.version }),
      ...(displayName === undefined ? {} : { displayName }),
    });
    const id = project.roleAssignments.at(-1)?.instanceId;
    const instance = id === undefined ? null : await this.instances.find(id, tenantId);
    if (instance === null) throw pending(projectId);
    return instance;
  }

  /**
   * Creates an instance from a snapshot, in the snapshot's project. It takes a seat of its own there.
   * @throws NotFoundError, ArchivedError, ValidationFailedError, QuotaExceededError, and SNAPSHOTS_PENDING when it takes too long
   */
  async fork(
    snapshot: AgentSnapshot,
    { role = snapshot.role, displayName = snapshot.blueprint.displayName, reason }: ForkedSeat,
    actor: Actor,
  ): Promise<AgentInstance> {
    const { id: snapshotId, projectId, tenantId, instanceId, revision, templateId, templateVersion } = snapshot;
    // Its document stays, also when it is removed.
    const origin = await this.instances.find(instanceId, tenantId);
    const signedOrigin = origin === null ? null : signedOriginOf(origin);
    const { value: project } = await this.projects.fork({ tenantId, actor }, projectId, {
      role,
      displayName,
      templateId,
      templateVersion,
      manifest: snapshot.blueprint.manifest,
      forkedFrom: { snapshotId, instanceId, revision, signedOrigin, ...(reason === undefined ? {} : { reason }) },
    });
    const id = project.roleAssignments.at(-1)?.instanceId;
    const instance = id === undefined ? null : await this.instances.find(id, tenantId);
    if (instance === null) throw pending(projectId);
    return instance;
  }

  /**
   * Makes an instance what it was in a snapshot of it: one revision more.
   * @throws NotFoundError, PreconditionFailedError, InvalidTransitionError, QuotaExceededError, ConcurrentUpdateError,
   * OutboxFullError
   */
  async restoreSnapshot(snapshot: AgentSnapshot, options: RestoreOptions): Promise<Restored> {
    return this.restores.restore(snapshot, options);
  }

  /** All instances of a project that are not removed, newest first; none when there is no such project. */
  async findByProject(projectId: ProjectId, tenantId: TenantId): Promise<readonly AgentInstance[]> {
    return this.instances.findByProject(projectId, tenantId);
  }

  /** One page of findByProject. @throws NotFoundError when there is no such project */
  async listByProject(projectId: ProjectId, tenantId: TenantId, request: PageRequest): Promise<Page<AgentInstance>> {
    const page = await this.instances.listByProject(projectId, tenantId, request);
    if (page.items.length === 0) await this.projects.get(projectId, tenantId);
    return page;
  }

  /** @throws NotFoundError when there is none, or it is removed */
  async findById(id: AgentInstanceId, tenantId: TenantId): Promise<AgentInstance> {
    const instance = await this.instances.find(id, tenantId);
    if (instance?.removedAt !== null) throw new NotFoundError('agent instance', id);
    return instance;
  }

  /** As findById, in this project. @throws NotFoundError, and SNAPSHOTS_PENDING when its seat waits to be filled */
  async findInProject(projectId: ProjectId, id: AgentInstanceId, tenantId: TenantId): Promise<AgentInstance> {
    const instance = await this.instances.find(id, tenantId);
    if (instance?.removedAt === null && instance.projectId === projectId) return instance;
    if (instance === null) {
      const project = await this.projects.get(projectId, tenantId);
      if (project.pendingSnapshots.includes(id)) throw pending(projectId);
    }
    throw new NotFoundError('agent instance', id);
  }

  /** What the agent is doing. Neither an edit nor an event: runs and lifecycle log why. @throws NotFoundError */
  async updateStatus(id: AgentInstanceId, status: AgentStatus, tenantId: TenantId): Promise<AgentInstance> {
    return this.instances.setStatus(id, tenantId, status);
  }

  /** The main process's id on its host; null when it does not run. @throws NotFoundError */
  async updatePid(id: AgentInstanceId, pid: number | null, tenantId: TenantId): Promise<AgentInstance> {
    return this.instances.setPid(id, tenantId, pid);
  }

  /**
   * Edits this instance alone: its template and the instances beside it stay as they are. Each given field replaces the
   * stored one; an edit that changes nothing makes no revision.
   * @throws NotFoundError, PreconditionFailedError, ConcurrentUpdateError, OutboxFullError
   */
  async updateSoulOrIdentity(
    id: AgentInstanceId,
    tenantId: TenantId,
    change: InstanceEdit | ((current: AgentInstance) => InstanceEdit),
    options: EditOptions = { actor: MUSTER },
  ): Promise<AgentInstance> {
    return this.edits.edit(id, tenantId, typeof change === 'function' ? change : () => change, options);
  }

  /**
   * Gives the seat up and has the agent stopped and removed. Whether it is gone already.
   * @throws NotFoundError
   */
  async remove({ tenantId, actor }: Asking, projectId: ProjectId, id: AgentInstanceId): Promise<boolean> {
    try {
      await this.projects.unassign({ tenantId, actor }, projectId, id);
    } catch (error) {
      // Given up before: on its way out, or gone.
      if (!(error instanceof NotFoundError)) throw error;
      await this.findInProject(projectId, id, tenantId);
    }
    const instance = await this.instances.find(id, tenantId);
    return instance !== null && instance.removedAt !== null;
  }
}

const pending = (projectId: ProjectId): DomainError =>
  new DomainError('SNAPSHOTS_PENDING', `Agents of project ${projectId} are not created yet. Try again in a moment.`, {
    details: { projectId },
  });
