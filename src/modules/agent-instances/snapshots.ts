import { Injectable } from '@nestjs/common';
import { AgentInstances } from '../../domain/agent-instances/agent-instances.repository.js';
import { AgentSnapshots } from '../../domain/agent-snapshots/agent-snapshots.repository.js';
import type { AgentSnapshot } from '../../domain/agent-snapshots/agent-snapshot.js';
import type { AgentInstanceId } from '../../domain/ids.js';
import { ImagePins } from '../../domain/lifecycle/image-pins.js';
import type { Project, RoleAssignment } from '../../domain/projects/project.js';
import type { TemplateVersion } from '../../domain/templates/template.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { TemplatesService } from '../templates/templates.service.js';
import { SettledSnapshots } from './settled-snapshots.js';
import { forkOf, snapshotOf } from './snapshot.js';

type From<T> = readonly (readonly [RoleAssignment, T])[];

/** Makes the instances that a project's assignments ask for. Exactly one each, however often and wherever it runs. */
@Injectable()
export class Snapshots {
  constructor(
    private readonly instances: AgentInstances,
    private readonly templates: TemplatesService,
    private readonly settled: SettledSnapshots,
    private readonly bus: DomainEventBus,
    private readonly agentSnapshots: AgentSnapshots,
    private readonly images: ImagePins,
  ) {}

  /**
   * Creates the instances of these seats, as far as they are still there; resolves once they can be read. An archived
   * project gets none: Removals fills its seats with tombstones.
   */
  async complete(project: Project, instanceIds: readonly AgentInstanceId[]): Promise<void> {
    const pending = new Set(instanceIds);
    const seats = project.roleAssignments.filter(({ instanceId }) => pending.has(instanceId));
    if (seats.length === 0 || project.archivedAt !== null) return;
    const [templates, forked] = [await this.templatesOf(project, seats), await this.snapshotsOf(project, seats)];
    const pins = await this.images.of(imagesNamed(templates, forked));
    const snapshots = [
      ...templates.map(([seat, template]) => snapshotOf(project, seat, template, pins)),
      ...forked.map(([seat, snapshot]) => forkOf(project, seat, snapshot, pins)),
    ];
    const inserted = await this.instances.insertOnce(project.tenantId, snapshots);
    this.bus.publish(...snapshots.filter(({ instance }) => inserted.has(instance.id)).flatMap(({ events }) => events));
    this.settled.note({
      projectId: project.id,
      tenantId: project.tenantId,
      instanceIds: seats.map(({ instanceId }) => instanceId),
    });
  }

  private async templatesOf(project: Project, all: readonly RoleAssignment[]): Promise<From<TemplateVersion>> {
    const seats = all.filter(({ forkedFrom }) => forkedFrom === null);
    const templates = await this.templates.getVersions(
      project.tenantId,
      seats.map(({ templateId, templateVersion }) => ({ id: templateId, version: templateVersion })),
    );
    return seats.flatMap((seat, index) => {
      const template = templates[index];
      return template === undefined ? [] : [[seat, template] as const];
    });
  }

  /** Also those that were deleted meanwhile: their documents stay, and their agents then say that the archive is gone. */
  private async snapshotsOf(project: Project, seats: readonly RoleAssignment[]): Promise<From<AgentSnapshot>> {
    const found: [RoleAssignment, AgentSnapshot][] = [];
    for (const seat of seats) {
      if (seat.forkedFrom === null) continue;
      const snapshot = await this.agentSnapshots.find(seat.forkedFrom.snapshotId, project.tenantId);
      if (snapshot !== null) found.push([seat, snapshot]);
    }
    return found;
  }
}

/** Those that have to be looked up: who was kept as an image runs from that. */
const imagesNamed = (templates: From<TemplateVersion>, forked: From<AgentSnapshot>): readonly string[] =>
  [
    ...templates.map(([, { content }]) => content.manifest.image),
    ...forked.map(([, { image, blueprint }]) => (image === null ? blueprint.manifest.image : undefined)),
  ].filter((image) => image !== undefined);
