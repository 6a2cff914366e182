import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { AgentSnapshot, SnapshotFailure } from '../../domain/agent-snapshots/agent-snapshot.js';
import { AgentSnapshots, type SnapshotResult } from '../../domain/agent-snapshots/agent-snapshots.repository.js';
import { ArchiveStore } from '../../domain/agent-snapshots/archive-store.js';
import { WorkspaceCapture } from '../../domain/agent-snapshots/workspace-capture.js';
import { DomainError } from '../../domain/errors/domain-error.js';
import { systemActor } from '../../domain/events/actor.js';
import { domainEvent } from '../../domain/events/domain-events.js';
import { Configuration } from '../../platform/config/configuration.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { SnapshotLeftovers } from './snapshot-leftovers.js';
import { SnapshotSettings } from './snapshot-settings.js';

/**
 * Takes the snapshots that are pending in this process. Should it die, they are lost: somebody else cannot go on with half an
 * archive, and the moment they were to show is over.
 */
@Injectable()
export class SnapshotMaking implements BeforeApplicationShutdown {
  private readonly logger = new Logger(SnapshotMaking.name);
  private readonly stopping = new AbortController();
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(
    private readonly snapshots: AgentSnapshots,
    private readonly capture: WorkspaceCapture,
    private readonly archives: ArchiveStore,
    private readonly leftovers: SnapshotLeftovers,
    private readonly bus: DomainEventBus,
    private readonly configuration: Configuration,
    private readonly settings: SnapshotSettings,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort(
      new DomainError('SHUTTING_DOWN', 'Muster was stopped while it took the snapshot. Take it again.'),
    );
    await Promise.allSettled(this.underWay);
  }

  /** Resolves with what became of it. @throws what the database says */
  async make(snapshot: AgentSnapshot): Promise<AgentSnapshot> {
    const making = this.attempt(snapshot);
    this.underWay.add(making);
    try {
      return await making;
    } finally {
      this.underWay.delete(making);
    }
  }

  /** @returns null when it is not pending any more */
  async fail(snapshot: AgentSnapshot, failure: SnapshotFailure): Promise<AgentSnapshot | null> {
    const { id, tenantId, instanceId } = snapshot;
    const about = { tenantId, actor: systemActor('snapshots'), subject: { type: 'agent-snapshot', id } as const };
    const event = domainEvent('agent.snapshot.failed', about, { snapshotId: id, instanceId, reason: failure.code });
    const failed = await this.snapshots.fail(id, failure, event);
    if (failed !== null) this.bus.publish(event);
    return failed;
  }

  private async attempt(snapshot: AgentSnapshot): Promise<AgentSnapshot> {
    const lost = new AbortController();
    const timer = setInterval(() => void this.renew(snapshot, lost), this.settings.renewEveryMs).unref();
    try {
      const result = await this.take(snapshot, AbortSignal.any([lost.signal, this.stopping.signal]));
      const completed = await this.complete(snapshot, result);
      if (completed !== null) return completed;
    } catch (error) {
      const failed = await this.fail(snapshot, failureOf(error));
      this.logger.warn({ msg: 'a snapshot failed', snapshot: snapshot.id, agent: snapshot.instanceId, err: error });
      if (failed !== null) return await this.cleared(failed);
    } finally {
      clearInterval(timer);
    }
    // Somebody took this process for dead, and its snapshot for lost.
    return this.cleared((await this.snapshots.find(snapshot.id, snapshot.tenantId)) ?? snapshot);
  }

  private async take({ id, target, ...snapshot }: AgentSnapshot, signal: AbortSignal): Promise<SnapshotResult> {
    const path = { tenantId: snapshot.tenantId, projectId: snapshot.projectId, id: snapshot.instanceId };
    const { maxBytes, maxEntries } = this.configuration.snapshots;
    const request = { snapshotId: id, image: target === 'image', maxBytes, maxEntries };
    const keep = (archive: Parameters<ArchiveStore['write']>[1]): ReturnType<ArchiveStore['write']> =>
      this.archives.write(id, archive, maxBytes);
    const { kept, image } = await this.capture.capture(path, request, keep, signal);
    return { archive: kept, image };
  }

  private async complete(snapshot: AgentSnapshot, result: SnapshotResult): Promise<AgentSnapshot | null> {
    const { id, tenantId, instanceId, revision, target, reason, blueprintDigest, createdBy } = snapshot;
    const about = { tenantId, actor: createdBy, subject: { type: 'agent-snapshot', id } as const };
    const event = domainEvent('agent.snapshot.created', about, {
      snapshotId: id,
      instanceId,
      revision,
      target,
      digest: blueprintDigest,
      archiveSha256: result.archive.sha256,
      bytes: result.archive.bytes,
      imageId: result.image?.id ?? null,
      ...(reason === null ? {} : { reason }),
    });
    const completed = await this.snapshots.complete(id, result, event);
    if (completed !== null) this.bus.publish(event);
    return completed;
  }

  private async renew({ id }: AgentSnapshot, lost: AbortController): Promise<void> {
    try {
      if (!(await this.snapshots.renew(id, this.settings.makerMs))) lost.abort(lostError());
    } catch (error) {
      // The next one may succeed before the time is over.
      this.logger.warn({ msg: 'a snapshot under way could not be renewed', snapshot: id, err: error });
    }
  }

  private async cleared(snapshot: AgentSnapshot): Promise<AgentSnapshot> {
    try {
      await this.leftovers.clear(snapshot);
    } catch (error) {
      this.logger.warn({ msg: 'something of a failed snapshot is left; the sweep tries again', err: error });
    }
    return snapshot;
  }
}

const failureOf = (error: unknown): SnapshotFailure =>
  error instanceof DomainError
    ? { code: error.code, message: error.message }
    : { code: 'INTERNAL', message: 'Something went wrong inside Muster; its log says what.' };

export const LOST: SnapshotFailure = {
  code: 'SNAPSHOT_LOST',
  message: 'The Muster process that took the snapshot is gone. Take it again.',
};

const lostError = (): DomainError => new DomainError(LOST.code, LOST.message);
