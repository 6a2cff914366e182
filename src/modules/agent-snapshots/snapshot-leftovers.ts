import { Injectable } from '@nestjs/common';
import { imageReferenceOf, type AgentSnapshot } from '../../domain/agent-snapshots/agent-snapshot.js';
import { AgentSnapshots } from '../../domain/agent-snapshots/agent-snapshots.repository.js';
import { ArchiveStore } from '../../domain/agent-snapshots/archive-store.js';
import { ContainerRuntime } from '../../domain/runtime/container-runtime.js';

/** Removes what failed and deleted snapshots have of disk and engine. */
@Injectable()
export class SnapshotLeftovers {
  constructor(
    private readonly snapshots: AgentSnapshots,
    private readonly archives: ArchiveStore,
    private readonly runtime: ContainerRuntime,
  ) {}

  /** Doing it twice does nothing. @throws RuntimeError, what the disk says */
  async clear({ id, target }: AgentSnapshot): Promise<void> {
    await this.archives.remove(id);
    if (target === 'image') await this.runtime.removeImage(imageReferenceOf(id));
    await this.snapshots.cleared(id);
  }
}
