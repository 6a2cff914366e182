import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import type { AgentInstanceId } from '../../../domain/ids.js';
import { LeaseLostError } from '../../../domain/lifecycle/lease-lost.error.js';
import { LifecycleRecords } from '../../../domain/lifecycle/lifecycle-records.js';
import type { PoolContainer } from '../../../domain/pool/pool-container.js';
import { PoolContainers } from '../../../domain/pool/pool-containers.repository.js';
import {
  ContainerRuntime,
  type ContainerObservation,
  type RuntimeEvent,
} from '../../../domain/runtime/container-runtime.js';
import { isPoolOwner, type PoolOwner } from '../../../domain/runtime/runtime-spec.js';
import { Hold } from '../reconciler/hold.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { within } from '../within.js';
import { PoolRemoval } from './pool-removal.js';

/** Heals what dying Musters, dying containers and meddling hands leave of the pool. */
@Injectable()
export class PoolSweep {
  private readonly logger = new Logger(PoolSweep.name);

  constructor(
    private readonly containers: PoolContainers,
    private readonly records: LifecycleRecords,
    private readonly runtime: ContainerRuntime,
    private readonly removal: PoolRemoval,
    private readonly settings: LifecycleSettings,
  ) {}

  /** `listed` are all containers of this installation, and none of another. */
  async sweep(listed: readonly ContainerObservation[]): Promise<void> {
    // Read after the listing, and every container is made after its document: one without a document has none for good.
    const members = await this.containers.list('preparing', 'ready', 'claimed', 'gone');
    const known = new Set<string>(members.map(({ id }) => id));
    for (const { id, owner } of listed) {
      if (isPoolOwner(owner) && !known.has(owner.pool)) await this.removeStray(owner, id);
    }
    const seen = new Map(listed.map((container) => [container.id, container]));
    for (const member of members) if (member.state === 'ready') await this.checkWaiting(member, seen);
    await this.checkClaims(members.filter(({ state }) => state === 'claimed'));
  }

  /** Something happened to a container of the pool: names the agent whose it is. */
  async noticed({
    kind,
    containerId,
    owner,
  }: RuntimeEvent & { readonly owner: PoolOwner }): Promise<AgentInstanceId | null> {
    const member = await this.containers.find(owner.pool);
    if (member === null && kind === 'started') await this.removeStray(owner, containerId);
    if (member?.state === 'ready') await this.checkWaiting(member, new Map());
    return member?.state === 'claimed' ? member.claimedBy : null;
  }

  private async removeStray({ pool }: PoolOwner, id: string): Promise<void> {
    await this.logged('a container of no pool', id, async () => {
      await this.removal.finish(pool, id);
      return true;
    });
  }

  /** One that does not run is of no use to anybody; nor is one that somebody else has started again, whatever it did before. */
  private async checkWaiting(member: PoolContainer, seen: ReadonlyMap<string, ContainerObservation>): Promise<void> {
    const id = member.containerId ?? '';
    await this.logged('a warm container that does not run, or not as it was prepared', id, async () => {
      const container = seen.get(id) ?? (await this.look(id));
      if (container?.state === 'running' && isAsPrepared(container, member)) return false;
      await this.removal.retire(member, 'ready');
      return true;
    });
  }

  private async look(id: string): Promise<ContainerObservation | null> {
    return within(this.settings.callTimeoutMs, 'Looking at a warm container', this.runtime.inspect(id));
  }

  /** A claim holds for as long as its agent names the container, or is about to. */
  private async checkClaims(claimed: readonly PoolContainer[]): Promise<void> {
    const claimants = [...new Set(claimed.map(({ claimedBy }) => claimedBy).filter((id) => id !== null))];
    const verdicts = new Map((await this.records.judgeOwners(claimants)).map((verdict) => [verdict.id, verdict]));
    for (const member of claimed) {
      const verdict = member.claimedBy === null ? undefined : verdicts.get(member.claimedBy);
      if (verdict?.kind === 'known' && verdict.containerId === member.containerId) continue;
      await this.logged('a warm container that its agent does not have', member.containerId ?? '', async () => {
        if (verdict?.kind === 'known') return this.retireStale(member, verdict.id);
        await this.removal.retire(member, 'claimed');
        return true;
      });
    }
  }

  /** Under the agent's lease, so that nobody is just putting it on record. */
  private async retireStale(member: PoolContainer, claimant: AgentInstanceId): Promise<boolean> {
    const hold = await Hold.take(this.records, claimant, {
      owner: `pool-sweep:${member.id}`,
      leaseMs: this.settings.leaseMs,
      renewEveryMs: this.settings.renewEveryMs,
      onWrite: () => undefined,
    });
    if (hold === null) return false;
    try {
      const { state, containerId } = hold.instance.lifecycle;
      if (state === 'creating' || containerId === member.containerId) return false;
      hold.assertAlive();
      await this.removal.retire(member, 'claimed');
      return true;
    } finally {
      await hold.release();
    }
  }

  private async logged(what: string, id: string, act: () => Promise<boolean>): Promise<void> {
    try {
      if (await act()) this.logger.log({ msg: `removed ${what}`, id });
    } catch (error) {
      if (!(error instanceof DomainError) || error instanceof LeaseLostError) throw error;
      // The next resync tries again.
      this.logger.warn({ msg: `could not remove ${what}`, id, err: error });
    }
  }
}

const isAsPrepared = ({ startedAt }: ContainerObservation, member: PoolContainer): boolean =>
  member.startedAt === null || startedAt === null || startedAt.getTime() === member.startedAt.getTime();
