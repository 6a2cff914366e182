import { Injectable } from '@nestjs/common';
import type { AgentInstance } from '../../domain/agent-instances/agent-instance.js';
import { AgentInstances } from '../../domain/agent-instances/agent-instances.repository.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import type { Actor } from '../../domain/events/actor.js';
import { domainEvent } from '../../domain/events/domain-events.js';
import type { AgentInstanceId, TenantId } from '../../domain/ids.js';
import type { Project } from '../../domain/projects/project.js';
import { Projects } from '../../domain/projects/projects.repository.js';
import { againWhenOvertaken } from '../../platform/again-when-overtaken.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { tombstoneOf } from './snapshot.js';

/** Asks the agents of seats that were given up to go. The lifecycle then stops and removes them. */
@Injectable()
export class Removals {
  constructor(
    private readonly projects: Projects,
    private readonly instances: AgentInstances,
    private readonly bus: DomainEventBus,
  ) {}

  /** Resolves once every given-up seat has an agent that was asked to go, or a tombstone. */
  async complete(project: Project, actor: Actor): Promise<void> {
    const { id, tenantId, pendingRemovals: seats } = project;
    if (seats.length === 0) return;
    const ids = seats.map(({ instanceId }) => instanceId);
    const existing = await this.instances.existing(tenantId, ids);
    const missing = seats.filter(({ instanceId }) => !existing.has(instanceId));
    const buried = await this.instances.insertOnce(
      tenantId,
      missing.map((seat) => tombstoneOf(project, seat)),
    );
    for (const instanceId of ids.filter((each) => !buried.has(each))) {
      await this.request(instanceId, tenantId, actor);
    }
    await this.projects.removalsRequested({ projectId: id, tenantId, instanceIds: ids });
  }

  private async request(id: AgentInstanceId, tenantId: TenantId, actor: Actor): Promise<void> {
    await againWhenOvertaken(async () => {
      const instance = await this.instances.find(id, tenantId);
      if (instance === null || isGoing(instance)) return;
      const { generation } = instance.lifecycle.desired;
      const event = domainEvent(
        'lifecycle.requested',
        { tenantId, actor, subject: { type: 'agent-instance', id } },
        { instanceId: id, action: 'destroy', desired: 'removed', generation: generation + 1 },
      );
      try {
        await this.instances.requestRemoval(id, tenantId, generation, event);
        this.bus.publish(event);
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
      }
    });
  }
}

const isGoing = ({ removedAt, lifecycle }: AgentInstance): boolean =>
  removedAt !== null || lifecycle.desired.state === 'removed';
