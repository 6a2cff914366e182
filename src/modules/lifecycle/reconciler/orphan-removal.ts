import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { LeaseLostError } from '../../../domain/lifecycle/lease-lost.error.js';
import { LifecycleRecords } from '../../../domain/lifecycle/lifecycle-records.js';
import { replicaView } from '../../../domain/lifecycle/replicas.js';
import { ContainerRuntime, type ContainerObservation } from '../../../domain/runtime/container-runtime.js';
import { isPoolOwner, type ContainerOwner } from '../../../domain/runtime/runtime-spec.js';
import { AgentFolders } from '../agent-folders.js';
import { ContainerPlanner } from '../container-planner.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { within } from '../within.js';
import { Engine } from './engine.js';
import { Hold } from './hold.js';

type Owned = ContainerObservation & { readonly owner: ContainerOwner };

const isAgents = ({ owner }: ContainerObservation): boolean => owner !== null && !isPoolOwner(owner);

/** Removes containers of this installation that no instance wants: those a crash left, and those of removed agents. */
@Injectable()
export class OrphanRemoval {
  private readonly logger = new Logger(OrphanRemoval.name);
  /** Containers without an instance, and since when, by the monotonic clock in ms. */
  private readonly unclaimedSince = new Map<string, number>();

  constructor(
    private readonly records: LifecycleRecords,
    private readonly runtime: ContainerRuntime,
    private readonly engine: Engine,
    private readonly planner: ContainerPlanner,
    private readonly folders: AgentFolders,
    private readonly settings: LifecycleSettings,
  ) {}

  /** `containers` are all of this installation, and none of another. */
  async sweep(containers: readonly ContainerObservation[]): Promise<void> {
    const owned = containers.filter((container): container is Owned => isAgents(container));
    const ids = [...new Set(owned.map(({ owner }) => owner.instance))];
    const verdicts = new Map((await this.records.judgeOwners(ids)).map((verdict) => [verdict.id, verdict]));
    const unclaimed = new Set<string>();
    for (const container of owned) {
      const verdict = verdicts.get(container.owner.instance);
      if (verdict?.kind === 'known') {
        if (!verdict.containerIds.includes(container.id)) await this.removeStray(container);
      } else if (verdict?.kind === 'removed') {
        await this.removeOrphan(container);
      } else if (this.isUnclaimedForLong(container, unclaimed)) {
        await this.removeOrphan(container, { keepWorkspace: true });
      }
    }
    for (const id of this.unclaimedSince.keys()) if (!unclaimed.has(id)) this.unclaimedSince.delete(id);
  }

  /** Its instance may come back with a database's backup; its workspace stays in any case. */
  private isUnclaimedForLong(container: Owned, unclaimed: Set<string>): boolean {
    unclaimed.add(container.id);
    const now = performance.now();
    const since = this.unclaimedSince.get(container.id) ?? now;
    this.unclaimedSince.set(container.id, since);
    return now - since >= this.settings.orphanGraceMs;
  }

  private async removeOrphan({ owner, ...container }: Owned, { keepWorkspace = false } = {}): Promise<void> {
    await this.removed(container, async () => {
      await within(this.settings.callTimeoutMs, 'Removing an orphan', this.runtime.remove(container.id));
      await this.folders.remove(
        this.planner.privateFolderOf(owner),
        ...(keepWorkspace ? [] : this.planner.ownFolders({ id: owner.instance, projectId: owner.project })),
      );
      return true;
    });
  }

  /** Its replica has another container, or none: under the instance's lease, so that nobody is just recording this one. */
  private async removeStray(container: Owned): Promise<void> {
    await this.removed(container, async () => {
      const hold = await Hold.take(this.records, container.owner.instance, {
        owner: `orphan-removal:${container.id}`,
        leaseMs: this.settings.leaseMs,
        renewEveryMs: this.settings.renewEveryMs,
        onWrite: () => undefined,
      });
      // Somebody works on it, and knows what belongs to it.
      if (hold === null) return false;
      try {
        const { state, containerId, replicas } = replicaView(hold.instance, container.owner.replica).lifecycle;
        if (state === 'creating' || containerId === container.id) return false;
        // Listed before the container that it is for was made.
        if (replicas.some(({ companionId }) => companionId === container.id)) return false;
        await this.engine.call(hold, 'Removing a stray container', (runtime) => runtime.remove(container.id));
        if (container.owner.replica > 0 && replicas.length === 0)
          await this.folders.remove(this.planner.privateFolderOf(container.owner));
        return true;
      } finally {
        await hold.release();
      }
    });
  }

  /** `remove` says whether it did: a container may turn out to be wanted after all. */
  private async removed(container: Pick<Owned, 'id' | 'name'>, remove: () => Promise<boolean>): Promise<void> {
    try {
      if (await remove())
        this.logger.log({ msg: 'removed a container nobody wants', container: container.name, id: container.id });
    } catch (error) {
      if (!(error instanceof DomainError) || error instanceof LeaseLostError) throw error;
      // The next resync tries again.
      this.logger.warn({ msg: 'an orphan could not be removed', container: container.name, err: error });
    }
  }
}
