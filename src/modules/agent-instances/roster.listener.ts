import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import type { AgentInstanceId } from '../../domain/ids.js';
import { OnDomainEvent } from '../../platform/events/on-domain-event.decorator.js';
import { ProjectsService } from '../projects/projects.service.js';
import { Removals } from './removals.js';
import { Snapshots } from './snapshots.js';

/** Makes and removes agents as soon as their seats are given and taken. RosterSweeper does what is missed here. */
@Injectable()
export class RosterListener {
  constructor(
    private readonly projects: ProjectsService,
    private readonly snapshots: Snapshots,
    private readonly removals: Removals,
  ) {}

  @OnDomainEvent('project.created')
  async onProjectCreated(event: DomainEvent<'project.created'>): Promise<void> {
    await this.create(event, event.data.instanceIds);
  }

  @OnDomainEvent('project.role-assigned')
  async onRoleAssigned(event: DomainEvent<'project.role-assigned'>): Promise<void> {
    await this.create(event, [event.data.instanceId]);
  }

  @OnDomainEvent('project.role-unassigned')
  async onRoleUnassigned(event: DomainEvent<'project.role-unassigned'>): Promise<void> {
    await this.remove(event);
  }

  @OnDomainEvent('project.archived')
  async onProjectArchived(event: DomainEvent<'project.archived'>): Promise<void> {
    await this.remove(event);
  }

  private async create(
    event: DomainEvent<'project.created' | 'project.role-assigned'>,
    instanceIds: readonly AgentInstanceId[],
  ): Promise<void> {
    const project = await this.projects.after(event, event.data.projectId);
    if (project !== null) await this.snapshots.complete(project, instanceIds);
  }

  private async remove(event: DomainEvent<'project.role-unassigned' | 'project.archived'>): Promise<void> {
    const project = await this.projects.after(event, event.data.projectId);
    if (project !== null) await this.removals.complete(project, event.actor);
  }
}
