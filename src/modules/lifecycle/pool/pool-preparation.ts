import { Injectable } from '@nestjs/common';
import { newId, type PoolMemberId } from '../../../domain/ids.js';
import { PoolContainers } from '../../../domain/pool/pool-containers.repository.js';
import type { PoolDemand } from '../../../domain/pool/pool-demands.repository.js';
import type { PoolSpec } from '../../../domain/pool/pool-spec.js';
import { ContainerRuntime } from '../../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import type { PoolOwner, RuntimeSpec } from '../../../domain/runtime/runtime-spec.js';
import { digestOf } from '../../../platform/crypto/digest.js';
import { AgentFolders } from '../agent-folders.js';
import { ContainerPlanner } from '../container-planner.js';
import { within } from '../within.js';
import { PoolPlaces } from './pool-places.js';
import { PoolRemoval } from './pool-removal.js';
import { PoolSettings } from './pool-settings.js';

/** Makes containers that wait, started, for somebody to claim them. */
@Injectable()
export class PoolPreparation {
  constructor(
    private readonly containers: PoolContainers,
    private readonly runtime: ContainerRuntime,
    private readonly planner: ContainerPlanner,
    private readonly folders: AgentFolders,
    private readonly removal: PoolRemoval,
    private readonly places: PoolPlaces,
    private readonly settings: PoolSettings,
  ) {}

  /**
   * One more of what is demanded. What fails leaves nothing, or a document that says what is left to remove.
   * @throws RuntimeError, DomainError WORKSPACE_UNAVAILABLE, ContainerExitedError; the signal's reason
   */
  async prepare({ pool, spec }: PoolDemand, preparedBy: string, signal: AbortSignal): Promise<void> {
    const member = { id: newId<PoolMemberId>(), pool, memoryMiB: spec.limits.memoryMiB, preparedBy };
    await this.containers.insert(member);
    try {
      await this.make(member.id, spec, signal);
    } catch (error) {
      const unclaimed = {
        ...member,
        state: 'preparing',
        containerId: null,
        startedAt: null,
        claimedBy: null,
        createdAt: new Date(),
      } as const;
      // What happened is the first error; who sees the document next finishes the removal.
      await this.removal.retire(unclaimed, 'preparing').catch(() => undefined);
      throw error;
    }
  }

  private async make(id: PoolMemberId, poolSpec: PoolSpec, signal: AbortSignal): Promise<void> {
    const { callTimeoutMs, startTimeoutMs } = this.settings;
    const spec = await this.specOf(id, poolSpec);
    const { privateFolder, workspaceFolder } = spec;
    await this.folders.prepare(privateFolder, workspaceFolder);
    signal.throwIfAborted();
    const containerId = await within(callTimeoutMs, 'Creating a warm container', this.runtime.create(spec));
    signal.throwIfAborted();
    await within(callTimeoutMs, 'Starting a warm container', this.runtime.start(containerId));
    const patience = AbortSignal.any([signal, AbortSignal.timeout(startTimeoutMs)]);
    const { connection } = await this.runtime.waitUntilReachable({ id: containerId, privateFolder }, patience);
    // Whoever claims it reaches it where its folder is then.
    connection.close();
    const container = await within(callTimeoutMs, 'Looking at a warm container', this.runtime.inspect(containerId));
    const startedAt = container?.startedAt ?? null;
    if (container !== null && (await this.containers.markReady(id, { id: containerId, startedAt }))) return;
    throw new RuntimeError('not-found', 'Somebody has given this warm container up, or removed it.');
  }

  private async specOf(id: PoolMemberId, poolSpec: PoolSpec): Promise<RuntimeSpec<PoolOwner>> {
    const owner = { installation: await this.planner.installationId(), pool: id };
    const rest = { ...poolSpec, ...this.places.of(id), owner };
    return { ...rest, name: this.places.nameOf(id), specDigest: digestOf(rest) };
  }
}
