import { Injectable } from '@nestjs/common';
import { AgentInstances } from '../../domain/agent-instances/agent-instances.repository.js';
import type { AgentInstanceId } from '../../domain/ids.js';
import type { Project } from '../../domain/projects/project.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { TemplatesService } from '../templates/templates.service.js';
import { SettledSnapshots } from './settled-snapshots.js';
import { snapshotOf } from './snapshot.js';

/** Makes the instances that a project's assignments ask for. Exactly one each, however often and wherever it runs. */
@Injectable()
export class Snapshots {
  constructor(
    private readonly instances: AgentInstances,
    private readonly templates: TemplatesService,
    private readonly settled: SettledSnapshots,
    private readonly bus: DomainEventBus,
  ) {}

  /**
   * Creates the instances of these seats, as far as they are still there; resolves once they can be read. An archived
   * project gets none: Removals fills its seats with tombstones.
   */
  async complete(project: Project, instanceIds: readonly AgentInstanceId[]): Promise<void> {
    const pending = new Set(instanceIds);
    const seats = project.roleAssignments.filter(({ instanceId }) => pending.has(instanceId));
    if (seats.length === 0 || project.archivedAt !== null) return;
    const templates = await this.templates.getVersions(
      project.tenantId,
      seats.map(({ templateId, templateVersion }) => ({ id: templateId, version: templateVersion })),
    );
    const snapshots = seats.flatMap((seat, index) => {
      const template = templates[index];
      return template === undefined ? [] : [snapshotOf(project, seat, template)];
    });
    const inserted = await this.instances.insertOnce(project.tenantId, snapshots);
    this.bus.publish(...snapshots.filter(({ instance }) => inserted.has(instance.id)).flatMap(({ events }) => events));
    this.settled.note({
      projectId: project.id,
      tenantId: project.tenantId,
      instanceIds: seats.map(({ instanceId }) => instanceId),
    });
  }
}
