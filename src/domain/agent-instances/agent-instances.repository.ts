import type { SnapshotBlueprint } from '../agent-snapshots/agent-snapshot.js';
import type { Actor } from '../events/actor.js';
import type { DomainEvent } from '../events/domain-events.js';
import type { AgentInstanceId, ProjectId, TenantId } from '../ids.js';
import type { PinnedImage, Seed } from '../lifecycle/lifecycle.js';
import type { Page, PageRequest } from '../page.js';
import type { AgentInstance, AgentStatus, InstanceEdit } from './agent-instance.js';

/** Who made the present revision, when, and in which fields. */
export interface LastChange {
  readonly by: Actor;
  readonly at: Date;
  readonly fields: readonly string[];
}

/** An instance together with what its history has to say about the present revision. */
export interface InstanceHead {
  readonly instance: AgentInstance;
  readonly lastChange: LastChange;
}

/** An instance to be inserted, with the events that say so; none for a tombstone, which never was an agent. */
export interface NewAgentInstance extends InstanceHead {
  readonly events: readonly DomainEvent<'agent-instance.created' | 'agent.forked' | 'lifecycle.requested'>[];
}

/** An edit, ready to be written. */
export interface EditWrite {
  readonly edit: InstanceEdit;
  readonly change: LastChange;
  readonly event: DomainEvent<'agent-instance.edited' | 'agent-instance.restored'>;
}

/** A restored snapshot, ready to be written. */
export interface RestoreWrite {
  readonly blueprint: SnapshotBlueprint;
  /** What the image is from now on; null: as it is. */
  readonly image: PinnedImage | null;
  readonly seed: Seed;
  readonly change: LastChange;
  readonly event: DomainEvent<'agent.snapshot.restored'>;
}

/** Where agent instances are kept. Those with removedAt set are found by id alone. */
export abstract class AgentInstances {
  /** Inserts those whose id is not there yet, and says which these were. */
  abstract insertOnce(
    tenantId: TenantId,
    instances: readonly NewAgentInstance[],
  ): Promise<ReadonlySet<AgentInstanceId>>;
  /** Which of these exist, removed ones included. */
  abstract existing(tenantId: TenantId, ids: readonly AgentInstanceId[]): Promise<ReadonlySet<AgentInstanceId>>;
  abstract find(id: AgentInstanceId, tenantId: TenantId): Promise<AgentInstance | null>;
  abstract findHead(id: AgentInstanceId, tenantId: TenantId): Promise<InstanceHead | null>;
  /** All of a project that are not removed, newest first. */
  abstract findByProject(projectId: ProjectId, tenantId: TenantId): Promise<readonly AgentInstance[]>;
  abstract listByProject(projectId: ProjectId, tenantId: TenantId, page: PageRequest): Promise<Page<AgentInstance>>;
  /**
   * Replaces the given fields, as revision + 1, if the instance still has this revision.
   * @throws ConcurrentUpdateError, OutboxFullError, NotFoundError
   */
  abstract edit(id: AgentInstanceId, tenantId: TenantId, revision: number, write: EditWrite): Promise<AgentInstance>;
  /**
   * Makes of it what a snapshot says, as revision + 1, and wants its workspace filled from the snapshot before it runs again:
   * a request of generation + 1 for the desired state that it has. If revision and generation are still these.
   * @throws ConcurrentUpdateError, OutboxFullError, NotFoundError
   */
  abstract restore(instance: AgentInstance, write: RestoreWrite): Promise<AgentInstance>;
  /** @throws NotFoundError */
  abstract setStatus(id: AgentInstanceId, tenantId: TenantId, status: AgentStatus): Promise<AgentInstance>;
  /** @throws NotFoundError */
  abstract setPid(id: AgentInstanceId, tenantId: TenantId, pid: number | null): Promise<AgentInstance>;
  /**
   * Asks for the desired state `removed`, if the generation is still this one.
   * @throws ConcurrentUpdateError, OutboxFullError, NotFoundError
   */
  abstract requestRemoval(
    id: AgentInstanceId,
    tenantId: TenantId,
    generation: number,
    event: DomainEvent<'lifecycle.requested'>,
  ): Promise<void>;
}
