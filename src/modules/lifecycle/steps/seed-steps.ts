import { Injectable } from '@nestjs/common';
import { AgentSnapshots } from '../../../domain/agent-snapshots/agent-snapshots.repository.js';
import { ArchiveStore } from '../../../domain/agent-snapshots/archive-store.js';
import type { AgentSnapshot, StoredArchive } from '../../../domain/agent-snapshots/agent-snapshot.js';
import { DomainError } from '../../../domain/errors/domain-error.js';
import type { AgentSnapshotId } from '../../../domain/ids.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { AgentFolders } from '../agent-folders.js';
import { ContainerPlanner } from '../container-planner.js';
import type { Hold } from '../reconciler/hold.js';
import { ContainerSteps, type Seen } from './container-steps.js';
import { WorkspaceAccess } from './workspace-access.js';

const BLOCK = 512;

/** Fills workspaces from snapshots. */
@Injectable()
export class SeedSteps {
  constructor(
    private readonly containers: ContainerSteps,
    private readonly access: WorkspaceAccess,
    private readonly folders: AgentFolders,
    private readonly planner: ContainerPlanner,
    private readonly snapshots: AgentSnapshots,
    private readonly archives: ArchiveStore,
  ) {}

  /**
   * Puts the archive's files together beside, and swaps the folders once all of it is there and is what was written. Cut
   * anywhere, it begins anew: the agent's workspace is the old one or the new one, and whole.
   * @throws DomainError SNAPSHOT_DAMAGED, ARCHIVE_INVALID, WORKSPACE_UNAVAILABLE; LeaseLostError, RuntimeError
   */
  async fill(hold: Hold): Promise<Seen> {
    const seed = hold.instance.lifecycle.seed ?? null;
    if (seed === null) return undefined;
    const snapshot = await this.snapshots.find(seed.snapshotId, hold.instance.tenantId);
    const archive = archiveOf(seed.snapshotId, snapshot);
    await this.containers.removeRecorded(hold);
    const { next } = this.planner.workspaceSwap(hold.instance);
    await this.folders.remove(next);
    const isFilled = await this.unpack(hold, next, seed.snapshotId, archive);
    if (!isFilled) return null;
    hold.assertAlive();
    await this.swap(hold.instance);
    await hold.seeded(seed);
    return null;
  }

  /** @returns false when something else is wanted meanwhile */
  private async unpack(hold: Hold, folder: string, id: AgentSnapshotId, archive: StoredArchive): Promise<boolean> {
    const signal = AbortSignal.any([hold.lost, hold.interrupted]);
    const bytes = await this.archives.read(id, archive);
    // What Muster packed itself: its own size is all that bounds it.
    const request = { path: '', gzip: false, maxBytes: archive.bytes, maxEntries: Math.ceil(archive.bytes / BLOCK) };
    try {
      await this.access.during(hold, folder, signal, (files) => files.unpack(request, bytes, signal));
      return true;
    } catch (error) {
      hold.assertAlive();
      if (!hold.interrupted.aborted) throw error;
      return false;
    }
  }

  /** The old one is there until the new one is in its place. */
  private async swap(instance: ManagedInstance): Promise<void> {
    const { next, last } = this.planner.workspaceSwap(instance);
    const workspace = this.planner.workspaceFolder(instance);
    if (await this.folders.isThere(workspace)) {
      await this.folders.remove(last);
      await this.folders.move(workspace, last);
    }
    await this.folders.move(next, workspace);
    await this.folders.remove(last);
  }
}

/** @throws DomainError SNAPSHOT_DAMAGED */
function archiveOf(id: AgentSnapshotId, snapshot: AgentSnapshot | null): StoredArchive {
  if (snapshot?.state === 'ready' && snapshot.archive !== null) return snapshot.archive;
  throw new DomainError(
    'SNAPSHOT_DAMAGED',
    `Snapshot ${id} is not there any more, so the workspace cannot be filled.`,
    {
      details: { snapshotId: id },
    },
  );
}
