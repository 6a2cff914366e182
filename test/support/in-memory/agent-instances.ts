import type { AgentInstance, AgentStatus } from '../../../src/domain/agent-instances/agent-instance.js';
import {
  AgentInstances,
  type EditWrite,
  type InstanceHead,
  type NewAgentInstance,
  type RestoreWrite,
} from '../../../src/domain/agent-instances/agent-instances.repository.js';
import { ConcurrentUpdateError } from '../../../src/domain/errors/concurrent-update.error.js';
import { NotFoundError } from '../../../src/domain/errors/not-found.error.js';
import type { DomainEvent } from '../../../src/domain/events/domain-events.js';
import type { AgentInstanceId, ProjectId, TenantId } from '../../../src/domain/ids.js';
import type { Page, PageRequest } from '../../../src/domain/page.js';

/** Agent instances in memory, under the conditions of the port; `events` are what the outboxes would hold. */
export class InMemoryAgentInstances extends AgentInstances {
  readonly events: DomainEvent[] = [];
  /** Set it to have the next insert fail, as a database does that goes away. */
  failNextInsert = false;
  private readonly byId = new Map<AgentInstanceId, InstanceHead>();

  insertOnce(_tenantId: TenantId, instances: readonly NewAgentInstance[]): Promise<ReadonlySet<AgentInstanceId>> {
    if (this.failNextInsert) {
      this.failNextInsert = false;
      return Promise.reject(new Error('the database went away'));
    }
    const fresh = instances.filter(({ instance }) => !this.byId.has(instance.id));
    for (const { instance, lastChange, events } of fresh) {
      this.byId.set(instance.id, { instance, lastChange });
      this.events.push(...events);
    }
    return Promise.resolve(new Set(fresh.map(({ instance }) => instance.id)));
  }

  existing(_tenantId: TenantId, ids: readonly AgentInstanceId[]): Promise<ReadonlySet<AgentInstanceId>> {
    return Promise.resolve(new Set(ids.filter((id) => this.byId.has(id))));
  }

  async find(id: AgentInstanceId, tenantId: TenantId): Promise<AgentInstance | null> {
    return (await this.findHead(id, tenantId))?.instance ?? null;
  }

  findHead(id: AgentInstanceId, tenantId: TenantId): Promise<InstanceHead | null> {
    const head = this.byId.get(id);
    return Promise.resolve(head?.instance.tenantId === tenantId ? head : null);
  }

  findByProject(projectId: ProjectId, tenantId: TenantId): Promise<readonly AgentInstance[]> {
    return Promise.resolve(
      [...this.byId.values()]
        .map(({ instance }) => instance)
        .filter(
          (instance) =>
            instance.projectId === projectId && instance.tenantId === tenantId && instance.removedAt === null,
        ),
    );
  }

  async listByProject(projectId: ProjectId, tenantId: TenantId, { limit }: PageRequest): Promise<Page<AgentInstance>> {
    return { items: (await this.findByProject(projectId, tenantId)).slice(0, limit), nextCursor: null };
  }

  edit(id: AgentInstanceId, tenantId: TenantId, revision: number, write: EditWrite): Promise<AgentInstance> {
    return this.change(id, tenantId, ({ instance }) => {
      if (instance.revision !== revision) throw new ConcurrentUpdateError('agent instance', id);
      this.events.push(write.event);
      const edited = { ...instance, ...write.edit, revision: revision + 1, updatedAt: write.change.at };
      return { instance: edited, lastChange: write.change };
    });
  }

  restore(
    { id, tenantId, revision, lifecycle }: AgentInstance,
    { blueprint, image, seed, change, event }: RestoreWrite,
  ): Promise<AgentInstance> {
    return this.change(id, tenantId, ({ instance }) => {
      const { desired } = instance.lifecycle;
      const isSame = instance.revision === revision && desired.generation === lifecycle.desired.generation;
      if (!isSame) throw new ConcurrentUpdateError('agent instance', id);
      this.events.push(event);
      const wanted = { ...desired, generation: desired.generation + 1 };
      const restored = {
        ...instance,
        ...blueprint,
        revision: revision + 1,
        lifecycle: { ...instance.lifecycle, desired: wanted, seed, ...(image === null ? {} : { image }) },
      };
      return { instance: restored, lastChange: change };
    });
  }

  setStatus(id: AgentInstanceId, tenantId: TenantId, status: AgentStatus): Promise<AgentInstance> {
    return this.change(id, tenantId, (head) => ({ ...head, instance: { ...head.instance, status } }));
  }

  setPid(id: AgentInstanceId, tenantId: TenantId, pid: number | null): Promise<AgentInstance> {
    return this.change(id, tenantId, (head) => ({ ...head, instance: { ...head.instance, pid } }));
  }

  async requestRemoval(
    id: AgentInstanceId,
    tenantId: TenantId,
    generation: number,
    event: DomainEvent<'lifecycle.requested'>,
  ): Promise<void> {
    await this.change(id, tenantId, (head) => {
      const { lifecycle } = head.instance;
      if (lifecycle.desired.generation !== generation) throw new ConcurrentUpdateError('agent instance', id);
      this.events.push(event);
      const desired = { ...lifecycle.desired, state: 'removed' as const, generation: generation + 1 };
      return { ...head, instance: { ...head.instance, lifecycle: { ...lifecycle, desired } } };
    });
  }

  /** Looks and writes without a pause in between, as one write to one document does. */
  // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown has to become a rejection
  private async change(
    id: AgentInstanceId,
    tenantId: TenantId,
    change: (head: InstanceHead) => InstanceHead,
  ): Promise<AgentInstance> {
    const head = this.byId.get(id);
    if (head?.instance.tenantId !== tenantId || head.instance.removedAt !== null) {
      throw new NotFoundError('agent instance', id);
    }
    const changed = change(head);
    this.byId.set(id, changed);
    return changed.instance;
  }
}
