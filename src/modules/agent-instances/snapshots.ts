import { Injectable } from '@nestjs/common';
import { AgentInstances, type NewAgentInstance } from '../../domain/agent-instances/agent-instances.repository.js';
import { AgentSnapshots } from '../../domain/agent-snapshots/agent-snapshots.repository.js';
import type { AgentInstanceId } from '../../domain/ids.js';
import type { Project, RoleAssignment } from '../../domain/projects/project.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { TemplatesService } from '../templates/templates.service.js';
import { SettledSnapshots } from './settled-snapshots.js';
import { forkOf, snapshotOf } from './snapshot.js';

/** Makes the instances that a project's assignments ask for. Exactly one each, however often and wherever it runs. */
@Injectable()
export class Snapshots {
  constructor(
    private readonly instances: AgentInstances,
    private readonly templates: TemplatesService,
    private readonly settled: SettledSnapshots,
    private readonly bus: DomainEventBus,
    private readonly agentSnapshots: AgentSnapshots,
  ) {}

  /**
   * Creates the instances of these seats, as far as they are still there; resolves once they can be read. An archived
   * project gets none: Removals fills its seats with tombstones.
   */
  async complete(project: Project, instanceIds: readonly AgentInstanceId[]): Promise<void> {
    const pending = new Set(instanceIds);
    const seats = project.roleAssignments.filter(({ instanceId }) => pending.has(instanceId));
    if (seats.length === 0 || project.archivedAt !== null) return;
    const snapshots = [...(await this.fromTemplates(project, seats)), ...(await this.fromSnapshots(project, seats))];
    const inserted = await this.instances.insertOnce(project.tenantId, snapshots);
    this.bus.publish(...snapshots.filter(({ instance }) => inserted.has(instance.id)).flatMap(({ events }) => events));
    this.settled.note({
      projectId: project.id,
      tenantId: project.tenantId,
      instanceIds: seats.map(({ instanceId }) => instanceId),
    });
  }

  private async fromTemplates(project: Project, all: readonly RoleAssignment[]): Promise<NewAgentInstance[]> {
    const seats = all.filter(({ forkedFrom }) => forkedFrom === null);
    const templates = await this.templates.getVersions(
      project.tenantId,
      seats.map(({ templateId, templateVersion }) => ({ id: templateId, version: templateVersion })),
    );
    return seats.flatMap((seat, index) => {
      const template = templates[index];
      return template === undefined ? [] : [snapshotOf(project, seat, template)];
    });
  }

  /** Also from one that was deleted meanwhile: its document stays, and its agent then says that the archive is gone. */
  private async fromSnapshots(project: Project, seats: readonly RoleAssignment[]): Promise<NewAgentInstance[]> {
    const made: NewAgentInstance[] = [];
    for (const seat of seats) {
      if (seat.forkedFrom === null) continue;
      const snapshot = await this.agentSnapshots.find(seat.forkedFrom.snapshotId, project.tenantId);
      if (snapshot !== null) made.push(forkOf(project, seat, snapshot));
    }
    return made;
  }
}
