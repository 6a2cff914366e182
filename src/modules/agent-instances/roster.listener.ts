import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { OnDomainEvent } from '../../platform/events/on-domain-event.decorator.js';
import { Removals } from './removals.js';
import { Snapshots } from './snapshots.js';

/** Makes and removes agents as soon as their seats are given and taken. RosterSweeper does what is missed here. */
@Injectable()
export class RosterListener {
  constructor(
    private readonly snapshots: Snapshots,
    private readonly removals: Removals,
  ) {}

  @OnDomainEvent('project.created')
  async onProjectCreated(event: DomainEvent<'project.created'>): Promise<void> {
    await this.snapshots.completeById(event.data.projectId, event.tenantId);
  }

  @OnDomainEvent('project.role-assigned')
  async onRoleAssigned(event: DomainEvent<'project.role-assigned'>): Promise<void> {
    await this.snapshots.completeById(event.data.projectId, event.tenantId);
  }

  @OnDomainEvent('project.role-unassigned')
  async onRoleUnassigned(event: DomainEvent<'project.role-unassigned'>): Promise<void> {
    await this.removals.completeById(event.data.projectId, event.tenantId, event.actor);
  }

  @OnDomainEvent('project.archived')
  async onProjectArchived(event: DomainEvent<'project.archived'>): Promise<void> {
    await this.removals.completeById(event.data.projectId, event.tenantId, event.actor);
  }
}
