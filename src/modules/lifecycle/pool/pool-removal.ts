import { Injectable } from '@nestjs/common';
import type { PoolMemberId } from '../../../domain/ids.js';
import type { PoolContainer, PoolState } from '../../../domain/pool/pool-container.js';
import { PoolContainers } from '../../../domain/pool/pool-containers.repository.js';
import { ContainerRuntime } from '../../../domain/runtime/container-runtime.js';
import { AgentConnections } from '../agent-connections.js';
import { AgentFolders } from '../agent-folders.js';
import { within } from '../within.js';
import { PoolPlaces } from './pool-places.js';
import { PoolSettings } from './pool-settings.js';

/**
 * Takes prepared containers away: first nobody may claim it any more, then the container goes, then its folders, then its
 * document. Whatever dies in between, whoever sees the document goes on.
 */
@Injectable()
export class PoolRemoval {
  constructor(
    private readonly containers: PoolContainers,
    private readonly runtime: ContainerRuntime,
    private readonly folders: AgentFolders,
    private readonly connections: AgentConnections,
    private readonly places: PoolPlaces,
    private readonly settings: PoolSettings,
  ) {}

  /**
   * Unless it is in another state by now. Folders that an agent was handed are the agent's, and stay.
   * @throws RuntimeError, DomainError WORKSPACE_UNAVAILABLE: it is gone for claimants, and its removal is still to be finished
   */
  async retire({ id, containerId }: PoolContainer, from: Exclude<PoolState, 'gone'>): Promise<void> {
    if (await this.containers.retire(id, from)) await this.finish(id, containerId);
  }

  /** Of one that is gone, or of a container whose document is. @throws RuntimeError, DomainError WORKSPACE_UNAVAILABLE */
  async finish(id: PoolMemberId, knownId: string | null): Promise<void> {
    const containerId = knownId ?? (await this.findByName(id));
    if (containerId !== null) {
      this.connections.drop(containerId);
      await within(this.settings.callTimeoutMs, 'Removing a warm container', this.runtime.remove(containerId));
    }
    const { privateFolder, workspaceFolder } = this.places.of(id);
    await this.folders.remove(privateFolder, workspaceFolder);
    await this.containers.forget(id);
  }

  /** Its filler died, or failed, before its id was written down. */
  private async findByName(id: PoolMemberId): Promise<string | null> {
    const looking = this.runtime.inspect(this.places.nameOf(id));
    return (await within(this.settings.callTimeoutMs, 'Looking for a warm container', looking))?.id ?? null;
  }
}
