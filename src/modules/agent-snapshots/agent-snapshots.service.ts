import { Injectable, Logger } from '@nestjs/common';
import type { AgentInstance } from '../../domain/agent-instances/agent-instance.js';
import type {
  AgentSnapshot,
  SnapshotBlueprint,
  SnapshotTarget,
  StoredArchive,
} from '../../domain/agent-snapshots/agent-snapshot.js';
import { AgentSnapshots, type SnapshotsPath } from '../../domain/agent-snapshots/agent-snapshots.repository.js';
import { ArchiveStore } from '../../domain/agent-snapshots/archive-store.js';
import { WorkspaceCapture } from '../../domain/agent-snapshots/workspace-capture.js';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import { DomainError } from '../../domain/errors/domain-error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import type { Actor } from '../../domain/events/actor.js';
import { domainEvent } from '../../domain/events/domain-events.js';
import { newId, type AgentSnapshotId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import type { ByteStream } from '../../domain/runtime/agent-files.js';
import { Configuration } from '../../platform/config/configuration.js';
import { digestOf } from '../../platform/crypto/digest.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { AgentInstancesService, type ForkedSeat } from '../agent-instances/agent-instances.service.js';
import { LifecycleService, type ActionResult } from '../lifecycle/lifecycle.service.js';
import { SnapshotLeftovers } from './snapshot-leftovers.js';
import { SnapshotMaking } from './snapshot-making.js';
import { SnapshotSettings } from './snapshot-settings.js';

const WHAT = 'snapshot';

export interface NewSnapshot {
  readonly target: SnapshotTarget;
  readonly reason?: string;
}

export interface RestoreOptions {
  readonly actor: Actor;
  readonly ifMatch: number | undefined;
  /** In the words of who asks. */
  readonly reason: string | undefined;
  readonly waitMs: number;
}

export interface Forked {
  readonly agent: AgentInstance;
  /** Its workspace is still to be filled. */
  readonly workspacePending: boolean;
}

/** A snapshot of which there is all that was asked for. */
type ReadySnapshot = AgentSnapshot & { readonly archive: StoredArchive };

/** Agents as they were: kept, given back to them, and made into other agents. */
@Injectable()
export class AgentSnapshotsService {
  private readonly logger = new Logger(AgentSnapshotsService.name);

  constructor(
    private readonly snapshots: AgentSnapshots,
    private readonly instances: AgentInstancesService,
    private readonly lifecycle: LifecycleService,
    private readonly capture: WorkspaceCapture,
    private readonly archives: ArchiveStore,
    private readonly making: SnapshotMaking,
    private readonly leftovers: SnapshotLeftovers,
    private readonly bus: DomainEventBus,
    private readonly configuration: Configuration,
    private readonly settings: SnapshotSettings,
  ) {}

  /**
   * Takes one, and waits for it up to `waitMs`.
   * @returns it as it is then: ready, or still pending
   * @throws NotFoundError, RuntimeError unsupported, DomainError QUOTA_EXCEEDED; what it failed in
   */
  async create(path: SnapshotsPath, input: NewSnapshot, actor: Actor, waitMs: number): Promise<AgentSnapshot> {
    const instance = await this.instances.findInProject(path.projectId, path.instanceId, path.tenantId);
    await this.capture.assertPossible({ image: input.target === 'image' });
    const snapshot = snapshotOf(instance, input, actor);
    await this.snapshots.insert(snapshot, this.configuration.snapshots.perAgent, this.settings.makerMs);
    const made = this.making.make(snapshot);
    made.catch((error: unknown) => {
      this.logger.error({ msg: 'a snapshot is pending for now; the sweep ends it', snapshot: snapshot.id, err: error });
    });
    const seen = await inTime(made, waitMs, snapshot);
    if (seen.error !== null) throw new DomainError(seen.error.code, seen.error.message, { details: { id: seen.id } });
    return seen;
  }

  /** Newest first. Those of an agent that is gone are still there. @throws NotFoundError */
  async list(path: SnapshotsPath, page: PageRequest): Promise<Page<AgentSnapshot>> {
    const found = await this.snapshots.list(path, page);
    if (found.items.length === 0) {
      await this.instances.findInProject(path.projectId, path.instanceId, path.tenantId);
    }
    return found;
  }

  /** @throws NotFoundError, also when it is deleted */
  async get(path: SnapshotsPath, id: AgentSnapshotId): Promise<AgentSnapshot> {
    const found = await this.snapshots.find(id, path.tenantId);
    const isThere = found?.projectId === path.projectId && found.instanceId === path.instanceId;
    if (!isThere || found.state === 'deleted') throw new NotFoundError(WHAT, id);
    return found;
  }

  /** @throws NotFoundError, DomainError SNAPSHOT_NOT_READY, SNAPSHOT_DAMAGED; the latter also while it is read */
  async archiveOf(
    path: SnapshotsPath,
    id: AgentSnapshotId,
  ): Promise<{ readonly archive: StoredArchive; readonly bytes: ByteStream }> {
    const { archive } = await this.ready(path, id);
    return { archive, bytes: await this.archives.read(id, archive) };
  }

  /**
   * Makes the agent what it was: one revision more, its workspace and its container replaced. Waits for it up to `waitMs`.
   * @throws NotFoundError, DomainError SNAPSHOT_NOT_READY, SNAPSHOT_DAMAGED; PreconditionFailedError, InvalidTransitionError,
   * QuotaExceededError, SupersededError; the lifecycle's own error when it failed
   */
  async restore(
    path: SnapshotsPath,
    id: AgentSnapshotId,
    { waitMs, ...options }: RestoreOptions,
  ): Promise<ActionResult> {
    const snapshot = await this.usable(path, id);
    return this.lifecycle.reached(await this.instances.restoreSnapshot(snapshot, options), waitMs);
  }

  /**
   * Makes another agent of it, in the same project, and waits up to `waitMs` for its workspace.
   * @throws NotFoundError, DomainError SNAPSHOT_NOT_READY, SNAPSHOT_DAMAGED, SNAPSHOTS_PENDING; ArchivedError, QuotaExceededError
   */
  async fork(
    path: SnapshotsPath,
    id: AgentSnapshotId,
    seat: ForkedSeat,
    { actor, waitMs }: { readonly actor: Actor; readonly waitMs: number },
  ): Promise<Forked> {
    const agent = await this.instances.fork(await this.usable(path, id), seat, actor);
    const { lifecycle } = await this.lifecycle.filled(agent, waitMs);
    return { agent, workspacePending: (lifecycle.seed ?? null) !== null };
  }

  /** @throws NotFoundError, DomainError SNAPSHOT_NOT_READY while it is taken, SNAPSHOT_IN_USE */
  async remove(path: SnapshotsPath, id: AgentSnapshotId, actor: Actor): Promise<void> {
    const snapshot = await this.get(path, id);
    if (snapshot.state === 'pending') throw notReady(snapshot);
    if (await this.snapshots.isInUse(snapshot)) throw inUse(snapshot);
    const { tenantId, instanceId } = path;
    const about = { tenantId, actor, subject: { type: 'agent-snapshot', id } as const };
    const event = domainEvent('agent.snapshot.deleted', about, { snapshotId: id, instanceId });
    const deleted = await this.snapshots.markDeleted(id, event);
    if (deleted === null) throw new ConcurrentUpdateError(WHAT, id);
    this.bus.publish(event);
    try {
      await this.leftovers.clear(deleted);
    } catch (error) {
      this.logger.warn({
        msg: 'something of a deleted snapshot is left; the sweep removes it',
        snapshot: id,
        err: error,
      });
    }
  }

  /** Looked through before anything is changed on its account. */
  private async usable(path: SnapshotsPath, id: AgentSnapshotId): Promise<ReadySnapshot> {
    const snapshot = await this.ready(path, id);
    await this.capture.assertPossible({ image: snapshot.image !== null });
    await this.archives.verify(id, snapshot.archive);
    return snapshot;
  }

  private async ready(path: SnapshotsPath, id: AgentSnapshotId): Promise<ReadySnapshot> {
    const snapshot = await this.get(path, id);
    const { state, archive } = snapshot;
    if (state !== 'ready' || archive === null) throw notReady(snapshot);
    return { ...snapshot, archive };
  }
}

function snapshotOf(instance: AgentInstance, { target, reason }: NewSnapshot, actor: Actor): AgentSnapshot {
  const blueprint = blueprintOf(instance);
  return {
    id: newId<AgentSnapshotId>(),
    tenantId: instance.tenantId,
    projectId: instance.projectId,
    instanceId: instance.id,
    revision: instance.revision,
    role: instance.role,
    templateId: instance.templateId,
    templateVersion: instance.templateVersion,
    templateDigest: instance.templateDigest,
    blueprint,
    blueprintDigest: digestOf(blueprint),
    target,
    reason: reason ?? null,
    state: 'pending',
    archive: null,
    image: null,
    error: null,
    createdBy: actor,
    createdAt: new Date(),
    endedAt: null,
  };
}

const blueprintOf = (instance: AgentInstance): SnapshotBlueprint => ({
  soul: instance.soul,
  aieos_identity: instance.aieos_identity,
  systemPrompt: instance.systemPrompt,
  tools: instance.tools,
  config: instance.config,
  manifest: instance.manifest,
  displayName: instance.displayName,
  tags: instance.tags,
});

/** What it is once made, or what it is now when the time is up. */
async function inTime<T>(made: Promise<T>, waitMs: number, now: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, waitMs, now);
  });
  try {
    return await Promise.race([made, late]);
  } finally {
    clearTimeout(timer);
  }
}

const notReady = ({ id, state }: AgentSnapshot): DomainError =>
  new DomainError('SNAPSHOT_NOT_READY', `Snapshot ${id} is ${state}. Only one that is ready can be used.`, {
    details: { id, state },
  });

const inUse = ({ id }: AgentSnapshot): DomainError =>
  new DomainError(
    'SNAPSHOT_IN_USE',
    `An agent still has its workspace to be filled from snapshot ${id}, or runs from its image. Remove the agent first.`,
    { details: { id } },
  );
