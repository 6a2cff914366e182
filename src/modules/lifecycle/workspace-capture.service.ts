import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { imageReferenceOf, type CommittedImage } from '../../domain/agent-snapshots/agent-snapshot.js';
import {
  WorkspaceCapture,
  type Captured,
  type CaptureRequest,
} from '../../domain/agent-snapshots/workspace-capture.js';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { LifecycleRecords, type InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { followersOf } from '../../domain/lifecycle/replicas.js';
import type { ByteStream } from '../../domain/runtime/agent-files.js';
import { ContainerRuntime, type ContainerObservation } from '../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { ContainerPlanner } from './container-planner.js';
import { LifecycleNotifier } from './lifecycle-notifier.js';
import { LifecycleSettings } from './lifecycle-settings.js';
import { Hold } from './reconciler/hold.js';
import { Reconciler } from './reconciler/reconciler.service.js';
import { ContainerSteps } from './steps/container-steps.js';
import { PowerSteps } from './steps/power-steps.js';
import { WorkspaceAccess } from './steps/workspace-access.js';

/** How often a lease that somebody else has is asked for again. */
const LEASE_LOOK_EVERY_MS = 50;

/**
 * Reads workspaces under the agents' leases. A running agent is `paused`, in the document too, while it is read: should this
 * process die, the reconciler finds an agent that is to run and is paused, and has it go on.
 */
@Injectable()
export class WorkspaceCaptureService extends WorkspaceCapture {
  private readonly logger = new Logger(WorkspaceCaptureService.name);

  constructor(
    private readonly records: LifecycleRecords,
    private readonly runtime: ContainerRuntime,
    private readonly planner: ContainerPlanner,
    private readonly containers: ContainerSteps,
    private readonly power: PowerSteps,
    private readonly access: WorkspaceAccess,
    private readonly reconciler: Reconciler,
    private readonly notifier: LifecycleNotifier,
    private readonly bus: DomainEventBus,
    private readonly settings: LifecycleSettings,
  ) {
    super();
  }

  async assertPossible({ image }: Pick<CaptureRequest, 'image'>): Promise<void> {
    const { name, capabilities } = this.runtime;
    if (image && !capabilities.commit) {
      throw new RuntimeError('unsupported', `The ${name} runtime has no images; take a snapshot with target archive.`);
    }
    if (!(await this.runtime.sharesFolders())) {
      throw new RuntimeError('unsupported', "The engine has none of this host's folders; snapshots need them.");
    }
  }

  async capture<T>(
    path: InstancePath,
    request: CaptureRequest,
    keep: (archive: ByteStream) => Promise<T>,
    signal: AbortSignal,
  ): Promise<Captured<T>> {
    await this.records.get(path);
    const events: DomainEvent[] = [];
    const hold = await this.take(path, signal, events);
    try {
      return await this.still(hold, request, keep, AbortSignal.any([signal, hold.lost, hold.interrupted]));
    } catch (error) {
      if (hold.interrupted.aborted && !hold.lost.aborted) throw superseded(path, error);
      throw error;
    } finally {
      await this.giveBack(hold);
      this.bus.publish(...events);
    }
  }

  /** Whoever has it now works on the agent, and is done soon. */
  private async take({ id }: InstancePath, signal: AbortSignal, events: DomainEvent[]): Promise<Hold> {
    for (;;) {
      const hold = await Hold.take(this.records, id, {
        owner: `${this.reconciler.owner}:snapshot`,
        leaseMs: this.settings.leaseMs,
        renewEveryMs: this.settings.renewEveryMs,
        onWrite: (instance, event) => {
          if (event !== null) events.push(event);
          this.notifier.changed(instance);
        },
      });
      if (hold !== null) return hold;
      await sleep(LEASE_LOOK_EVERY_MS, undefined, { signal }).catch(() => {
        signal.throwIfAborted();
      });
    }
  }

  private async still<T>(
    hold: Hold,
    request: CaptureRequest,
    keep: (archive: ByteStream) => Promise<T>,
    signal: AbortSignal,
  ): Promise<Captured<T>> {
    const container = (await this.containers.look(hold)) ?? null;
    assertCapturable(hold.instance, container, request);
    const isRunning = container?.state === 'running';
    if (isRunning) await this.power.pause(hold, container, 'snapshot');
    try {
      const image = request.image && container !== null ? await this.commit(hold, container, request) : null;
      const kept = await this.pack(hold, request, keep, signal);
      // Had anybody else held the lease meanwhile, what was read may have moved.
      await hold.refresh();
      return { kept, image };
    } finally {
      if (isRunning) await this.goOn(hold, container);
    }
  }

  private async pack<T>(
    hold: Hold,
    { maxBytes, maxEntries }: CaptureRequest,
    keep: (archive: ByteStream) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const folder = this.planner.workspaceFolder(hold.instance);
    const request = { path: '', maxBytes, maxEntries, complete: true };
    return this.access.during(hold, folder, signal, async (files) => keep(await files.pack(request, signal)));
  }

  /** By the id of what was seen: while the lease is held nobody makes another. The engine's own time limit bounds it. */
  private async commit(
    hold: Hold,
    { id }: ContainerObservation,
    { snapshotId }: CaptureRequest,
  ): Promise<CommittedImage> {
    hold.assertAlive();
    const reference = imageReferenceOf(snapshotId);
    const imageId = await this.runtime.commit(id, { reference, owner: await this.planner.ownerOf(hold.instance) });
    return { id: imageId, reference };
  }

  /** What does not succeed here is done by the reconciler: the document says that the agent is to run, and is paused. */
  private async goOn(hold: Hold, container: ContainerObservation): Promise<void> {
    try {
      await this.power.resume(hold, { ...container, state: 'paused' });
    } catch (error) {
      this.logger.warn({
        msg: 'an agent stays paused after its snapshot for now',
        agent: hold.instance.id,
        err: error,
      });
    }
  }

  private async giveBack(hold: Hold): Promise<void> {
    try {
      await hold.release();
    } catch (error) {
      this.logger.warn({
        msg: 'a lease could not be given back; it ends by itself',
        agent: hold.instance.id,
        err: error,
      });
    }
    this.reconciler.wake(hold.instance.id);
  }
}

/** @throws DomainError SNAPSHOT_NOT_POSSIBLE, INVALID_TRANSITION */
function assertCapturable(
  { id, manifest, lifecycle }: ManagedInstance,
  container: ContainerObservation | null,
  { image }: CaptureRequest,
): void {
  const refused = (why: string): DomainError =>
    new DomainError('SNAPSHOT_NOT_POSSIBLE', `No such snapshot can be taken of agent ${id}: ${why}.`, {
      details: { id },
    });
  if (manifest.runMode === 'global') throw refused('its workspace is a folder of the operator that others use too');
  if ((lifecycle.seed ?? null) !== null) throw refused('its workspace is still to be filled from another snapshot');
  if (followersOf(lifecycle).some(({ containerId }) => containerId !== null)) {
    throw refused('several replicas write to its workspace; scale it to 1 first');
  }
  if (image && container === null) throw refused('it has no container; start it once, or take one with target archive');
  const { state } = lifecycle;
  const isUp = container?.state === 'running' || container?.state === 'paused';
  const isSettled = state === 'running' || state === 'paused';
  // Between two steps of somebody who died, or about to be put right.
  if (isUp && (!isSettled || (state === 'paused') !== (container.state === 'paused'))) {
    throw new DomainError(
      'INVALID_TRANSITION',
      `Agent ${id} is just ${state}. Take the snapshot when it has settled.`,
      {
        details: { id, state },
      },
    );
  }
}

const superseded = ({ id }: InstancePath, cause: unknown): DomainError =>
  new DomainError(
    'SUPERSEDED',
    `Something else was asked of agent ${id} while its snapshot was taken. Take it again.`,
    {
      cause,
      details: { id },
    },
  );
