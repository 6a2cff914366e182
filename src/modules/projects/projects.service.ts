import { Injectable } from '@nestjs/common';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { PreconditionFailedError } from '../../domain/errors/precondition-failed.error.js';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import type { Actor } from '../../domain/events/actor.js';
import { domainEvent, type DomainEvent } from '../../domain/events/domain-events.js';
import { newId, type AgentInstanceId, type ProjectId, type TenantId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { slugFrom } from '../../domain/projects/project-slug.js';
import {
  MOST_ASSIGNMENTS,
  type Project,
  type ProjectChange,
  type RoleAssignment,
} from '../../domain/projects/project.js';
import { Projects } from '../../domain/projects/projects.repository.js';
import { allocateSeats, type WantedSeat } from '../../domain/projects/seat-allocation.js';
import { runningHolding, seatHolding, type Holding } from '../../domain/quotas/holding.js';
import { QuotaGate } from '../../domain/quotas/quota-gate.js';
import type { Manifest } from '../../domain/templates/manifest.js';
import { againWhenOvertaken } from '../../platform/again-when-overtaken.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { TemplatesService } from '../templates/templates.service.js';
import type { ForkInput, NewProject, SeatInput, SpawnInput } from './project-input.js';
import { RosterWait } from './roster-wait.js';

/** Who asks, and for which tenant. */
export interface Asking {
  readonly tenantId: TenantId;
  readonly actor: Actor;
}

/** A project, and whether everything that its last change asked for is there already. */
export interface Settling<T> {
  readonly value: T;
  /** false: it is on its way, and a sweep sees to it. */
  readonly settled: boolean;
}

/** Projects and who sits where. The agents themselves are made and removed by the listeners of these events. */
@Injectable()
export class ProjectsService {
  /** What the writes of this process left, for the listeners of their events. */
  private readonly written = new WeakMap<DomainEvent, Project>();

  constructor(
    private readonly projects: Projects,
    private readonly templates: TemplatesService,
    private readonly bus: DomainEventBus,
    private readonly wait: RosterWait,
    private readonly quotas: QuotaGate,
  ) {}

  /**
   * Creates the project and waits, within a limit, until its agents exist.
   * @throws NameTakenError, TemplatesUnknownError, ArchivedError, ValidationFailedError, QuotaExceededError
   */
  async create({ tenantId, actor }: Asking, input: NewProject): Promise<Settling<Project>> {
    const slug = input.slug ?? slugFrom(input.name);
    if (slug === '') {
      throw new ValidationFailedError([
        { pointer: '/slug', detail: 'cannot be made from the name, which has no letter a-z and no digit: give one' },
      ]);
    }
    const now = new Date();
    const wanted = await this.resolve(tenantId, input.roleAssignments, '/roleAssignments/');
    const { seats, roleCounters } = allocateSeats({ slug, roleCounters: {} }, wanted, { at: now, by: actor });
    const instanceIds = seats.map(({ instanceId }) => instanceId);
    const project: Project = {
      id: newId<ProjectId>(),
      tenantId,
      name: input.name,
      slug,
      description: input.description ?? '',
      autostart: input.autostart ?? false,
      roleAssignments: seats,
      roleCounters,
      pendingSnapshots: instanceIds,
      pendingRemovals: [],
      revision: 1,
      createdAt: now,
      updatedAt: now,
      archivedAt: null,
    };
    const event = domainEvent(
      'project.created',
      { tenantId, actor, subject: { type: 'project', id: project.id } },
      { projectId: project.id, instanceIds },
    );
    const holdings = wanted.flatMap((seat) => holdingsOf(project, seat));
    await this.quotas.claimFor(tenantId, holdings, () => this.projects.insert(project, event));
    return { value: project, settled: await this.tell(event, project) };
  }

  /** Archived projects too. @throws NotFoundError */
  async get(id: ProjectId, tenantId: TenantId): Promise<Project> {
    const project = await this.projects.find(id, tenantId);
    if (project === null) throw new NotFoundError('project', id);
    return project;
  }

  /** The live one of that slug; null when there is none. */
  async findBySlug(slug: string, tenantId: TenantId): Promise<Project | null> {
    return this.projects.findBySlug(slug, tenantId);
  }

  /** The live ones, newest first. */
  async list(tenantId: TenantId, page: PageRequest): Promise<Page<Project>> {
    return this.projects.list(tenantId, page);
  }

  /** A change that changes nothing is none. @throws NotFoundError, PreconditionFailedError, ArchivedError … */
  async update({ tenantId, actor }: Asking, id: ProjectId, change: ProjectChange, ifMatch?: number): Promise<Project> {
    return this.retried(id, tenantId, ifMatch, async (project) => {
      const fields = (['name', 'description'] as const).filter(
        (field) => change[field] !== undefined && change[field] !== project[field],
      );
      if (fields.length === 0) return project;
      const event = domainEvent('project.updated', about(tenantId, actor, id), { projectId: id, fields });
      const updated = await this.projects.update(project, change, event);
      this.bus.publish(event);
      return updated;
    });
  }

  /**
   * Gives the project one seat more, the last in the list, and waits, within a limit, until its agent exists.
   * @throws NotFoundError, TemplatesUnknownError, ArchivedError, ValidationFailedError, QuotaExceededError
   */
  async assign(asking: Asking, id: ProjectId, input: SeatInput): Promise<Settling<Project>> {
    return this.addSeat(asking, id, await this.resolveOne(asking, input));
  }

  /**
   * As assign, for an agent that starts as soon as it is there.
   * @param admit looks at the project that the write depends on; what it throws, this throws
   */
  async spawn(
    asking: Asking,
    id: ProjectId,
    input: SpawnInput,
    admit: (project: Project) => Promise<void>,
  ): Promise<Settling<Project>> {
    return this.addSeat(asking, id, await this.resolveOne(asking, input), admit);
  }

  /**
   * As assign, for an agent that is made from a snapshot. Its template may be archived by now: it is named, and not read.
   * @throws NotFoundError, ArchivedError, ValidationFailedError, QuotaExceededError
   */
  async fork(asking: Asking, id: ProjectId, input: ForkInput): Promise<Settling<Project>> {
    return this.addSeat(asking, id, { ...input, instanceId: newId<AgentInstanceId>(), tags: [] });
  }

  private async resolveOne({ tenantId }: Asking, input: SeatInput | SpawnInput): Promise<ResolvedSeat> {
    const [wanted] = (await this.resolve(tenantId, [input])) as readonly [ResolvedSeat];
    return wanted;
  }

  private async addSeat(
    { tenantId, actor }: Asking,
    id: ProjectId,
    wanted: ResolvedSeat,
    admit?: (project: Project) => Promise<void>,
  ): Promise<Settling<Project>> {
    const { autostart } = await this.get(id, tenantId);
    const holdings = holdingsOf({ id, autostart }, wanted);
    const { project, event } = await this.quotas.claimFor(tenantId, holdings, () =>
      this.retried(id, tenantId, undefined, async (read) => {
        await admit?.(read);
        if (read.roleAssignments.length >= MOST_ASSIGNMENTS) throw full();
        const { seats, roleCounters } = allocateSeats(read, [wanted], { at: new Date(), by: actor });
        const [seat] = seats as readonly [RoleAssignment];
        const { instanceId, templateId, templateVersion } = seat;
        const assigned = domainEvent('project.role-assigned', about(tenantId, actor, id), {
          projectId: id,
          instanceId,
          templateId,
          templateVersion,
        });
        return { project: await this.projects.assign(read, seat, roleCounters, assigned), event: assigned };
      }),
    );
    return { value: project, settled: await this.tell(event, project) };
  }

  /** Takes the seat away and has its agent removed. @throws NotFoundError when the agent has no seat here */
  async unassign({ tenantId, actor }: Asking, id: ProjectId, instanceId: AgentInstanceId): Promise<void> {
    const { project, event } = await this.retried(id, tenantId, undefined, async (read) => {
      const seat = read.roleAssignments.find((assignment) => assignment.instanceId === instanceId);
      if (seat === undefined) throw new NotFoundError('agent instance', instanceId);
      const unassigned = domainEvent('project.role-unassigned', about(tenantId, actor, id), {
        projectId: id,
        instanceId,
      });
      return { project: await this.projects.unassign(read, seat, unassigned), event: unassigned };
    });
    await this.tell(event, project);
  }

  /** Frees the slug and has all agents removed. Once more does nothing. @throws NotFoundError */
  async archive({ tenantId, actor }: Asking, id: ProjectId): Promise<Project> {
    const { project, event } = await this.retried(id, tenantId, undefined, async (read) => {
      if (read.archivedAt !== null) return { project: read, event: null };
      const archived = domainEvent('project.archived', about(tenantId, actor, id), { projectId: id });
      return { project: await this.projects.archive(read, read.roleAssignments, archived), event: archived };
    });
    if (event !== null) await this.tell(event, project);
    return project;
  }

  /** The project as the write left it that this event tells of; read again when another process wrote it. */
  async after(event: DomainEvent, id: ProjectId): Promise<Project | null> {
    return this.written.get(event) ?? this.projects.find(id, event.tenantId);
  }

  /** Whether the listeners have done their part in time. */
  private async tell(event: DomainEvent, project: Project): Promise<boolean> {
    this.written.set(event, project);
    return this.wait.for(this.bus.publishAndWait(event));
  }

  private async resolve(
    tenantId: TenantId,
    seats: readonly (SeatInput | SpawnInput)[],
    pointer = '',
  ): Promise<readonly ResolvedSeat[]> {
    const versions = await this.templates.resolve(
      tenantId,
      seats.map(({ templateId, templateVersion }, index) => ({
        templateId,
        version: templateVersion,
        pointer: `${pointer === '' ? '' : `${pointer}${index}`}/templateId`,
      })),
    );
    return seats.map((seat, index) => ({
      instanceId: 'spawn' in seat ? seat.instanceId : newId<AgentInstanceId>(),
      ...('spawn' in seat ? { spawn: seat.spawn } : {}),
      manifest: versions[index]?.content.manifest ?? {},
      role: seat.role,
      templateId: seat.templateId,
      templateVersion: versions[index]?.version ?? 0,
      displayName: seat.displayName ?? null,
      tags: seat.tags ?? [],
    }));
  }

  /** Makes the change on what is there now; overtaken, once more on what overtook it. With `ifMatch` it is not. */
  private async retried<T>(
    id: ProjectId,
    tenantId: TenantId,
    ifMatch: number | undefined,
    change: (project: Project) => Promise<T>,
  ): Promise<T> {
    return againWhenOvertaken(async () => {
      const project = await this.get(id, tenantId);
      if (ifMatch !== undefined && ifMatch !== project.revision) throw stale(project);
      return change(project);
    });
  }
}

/** A seat somebody asks for, and what its agent will need. */
interface ResolvedSeat extends WantedSeat {
  readonly instanceId: AgentInstanceId;
  readonly manifest: Manifest;
}

/** What a new seat takes up of the quotas. */
const holdingsOf = (
  { id: projectId, autostart }: Pick<Project, 'id' | 'autostart'>,
  { instanceId: id, manifest, spawn }: ResolvedSeat,
): Holding[] => [
  seatHolding(id, projectId),
  ...(autostart || spawn !== undefined ? [runningHolding({ id, projectId, manifest }, 1, 0)] : []),
];

const about = (tenantId: TenantId, actor: Actor, id: ProjectId) => ({
  tenantId,
  actor,
  subject: { type: 'project', id } as const,
});

const stale = ({ id, revision }: Project): PreconditionFailedError =>
  new PreconditionFailedError('project', id, `revision ${revision}`);

const full = (): ValidationFailedError =>
  new ValidationFailedError([
    { pointer: '', detail: `the project has ${MOST_ASSIGNMENTS} role assignments, which is the most it can have` },
  ]);
