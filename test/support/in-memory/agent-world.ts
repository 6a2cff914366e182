import { EventEmitter2 } from '@nestjs/event-emitter';
import { systemActor } from '../../../src/domain/events/actor.js';
import type { DomainEvent, DomainEventType } from '../../../src/domain/events/domain-events.js';
import { newId, type TenantId } from '../../../src/domain/ids.js';
import type { ImagePins } from '../../../src/domain/lifecycle/image-pins.js';
import type { PinnedImage } from '../../../src/domain/lifecycle/lifecycle.js';
import type { Project } from '../../../src/domain/projects/project.js';
import { AgentInstancesService } from '../../../src/modules/agent-instances/agent-instances.service.js';
import { InstanceEdits } from '../../../src/modules/agent-instances/instance-edits.js';
import { InstanceRevisionsService } from '../../../src/modules/agent-instances/instance-revisions.service.js';
import { Removals } from '../../../src/modules/agent-instances/removals.js';
import { RosterListener } from '../../../src/modules/agent-instances/roster.listener.js';
import { RosterSweeper } from '../../../src/modules/agent-instances/roster.sweeper.js';
import { SettledSnapshots } from '../../../src/modules/agent-instances/settled-snapshots.js';
import { SnapshotRestores } from '../../../src/modules/agent-instances/snapshot-restores.js';
import { Snapshots } from '../../../src/modules/agent-instances/snapshots.js';
import { ProjectsService } from '../../../src/modules/projects/projects.service.js';
import { RosterWait } from '../../../src/modules/projects/roster-wait.js';
import type { TemplatesService } from '../../../src/modules/templates/templates.service.js';
import { DomainEventBus } from '../../../src/platform/events/domain-event-bus.js';
import { OpenQuotas } from '../open-quotas.js';
import { InMemoryAgentInstances } from './agent-instances.js';
import { InMemoryAgentSnapshots } from './agent-snapshots.js';
import { InMemoryInstanceRevisions } from './instance-revisions.js';
import { InMemoryProjects } from './projects.js';
import { InMemoryTemplates } from './templates.js';

/** The services of projects and their agents on repositories in memory, wired as Nest wires them. */
export class AgentWorld {
  readonly tenantId = newId<TenantId>();
  readonly actor = systemActor('test');
  readonly templates = new InMemoryTemplates(this.tenantId);
  readonly projectStore = new InMemoryProjects();
  readonly instanceStore = new InMemoryAgentInstances();
  readonly snapshotStore = new InMemoryAgentSnapshots();
  /** What is found out of images, by name. */
  readonly pins = new Map<string, PinnedImage>();
  /** What was looked up, together. */
  readonly lookedUp: (readonly string[])[] = [];
  readonly projects: ProjectsService;
  readonly instances: AgentInstancesService;
  readonly revisions: InstanceRevisionsService;
  readonly settled: SettledSnapshots;
  readonly snapshots: Snapshots;
  readonly sweeper: RosterSweeper;
  /** Everything that was published. */
  readonly published: DomainEvent[] = [];

  constructor() {
    const emitter = new EventEmitter2();
    const bus = new DomainEventBus(emitter);
    const history = new InMemoryInstanceRevisions();
    // Of the service, no more than resolve and getVersions is used.
    const templates = this.templates as unknown as TemplatesService;
    this.projects = new ProjectsService(this.projectStore, templates, bus, new RosterWait(), new OpenQuotas());
    const edits = new InstanceEdits(this.instanceStore, history, bus);
    const restores = new SnapshotRestores(this.instanceStore, history, edits, new OpenQuotas());
    this.instances = new AgentInstancesService(this.instanceStore, this.projects, templates, edits, restores);
    this.revisions = new InstanceRevisionsService(edits, history);
    this.settled = new SettledSnapshots(this.projectStore);
    const images: ImagePins = {
      of: async (references) => {
        this.lookedUp.push(references);
        return Promise.resolve(this.pins);
      },
    };
    this.snapshots = new Snapshots(this.instanceStore, templates, this.settled, bus, this.snapshotStore, images);
    const removals = new Removals(this.projectStore, this.instanceStore, bus);
    this.sweeper = new RosterSweeper(this.projectStore, this.snapshots, removals);
    const listener = new RosterListener(this.projects, this.snapshots, removals);
    const on = <T extends DomainEventType>(type: T, handle: (event: DomainEvent<T>) => Promise<void>): void => {
      emitter.on(type, (event: DomainEvent<T>) => handle(event) as unknown);
    };
    on('project.created', (event) => listener.onProjectCreated(event));
    on('project.role-assigned', (event) => listener.onRoleAssigned(event));
    on('project.role-unassigned', (event) => listener.onRoleUnassigned(event));
    on('project.archived', (event) => listener.onProjectArchived(event));
    bus.onAny((event) => this.published.push(event));
  }

  get asking(): { tenantId: TenantId; actor: ReturnType<typeof systemActor> } {
    return { tenantId: this.tenantId, actor: this.actor };
  }

  /** A project with a seat for each of these roles, all from one new template unless given. */
  async project(roles: readonly string[] = ['developer'], templateId = this.templates.create().id): Promise<Project> {
    const { value } = await this.projects.create(this.asking, {
      name: 'Web App',
      roleAssignments: roles.map((role) => ({ role, templateId })),
    });
    return value;
  }
}
