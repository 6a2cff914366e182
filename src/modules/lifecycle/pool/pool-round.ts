import { Injectable, Logger } from '@nestjs/common';
import { backOffMs } from '../../../domain/lifecycle/restart-policy.js';
import type { PoolContainer } from '../../../domain/pool/pool-container.js';
import { PoolContainers } from '../../../domain/pool/pool-containers.repository.js';
import { PoolDemands, type PoolDemand } from '../../../domain/pool/pool-demands.repository.js';
import { poolTargets, type PoolPolicy } from '../../../domain/pool/pool-targets.js';
import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import { PoolFigures } from './pool-figures.js';
import { PoolPreparation } from './pool-preparation.js';
import { PoolRemoval } from './pool-removal.js';
import { PoolSettings } from './pool-settings.js';

interface Trouble {
  readonly failures: number;
  /** By the monotonic clock. */
  readonly until: number;
}

/** One look at the pool by who has the lead: what is to go goes, and one that is missing is made. */
@Injectable()
export class PoolRound {
  private readonly logger = new Logger(PoolRound.name);
  /** Pools whose last preparation failed. */
  private readonly troubles = new Map<string, Trouble>();

  constructor(
    private readonly containers: PoolContainers,
    private readonly demands: PoolDemands,
    private readonly preparation: PoolPreparation,
    private readonly removal: PoolRemoval,
    private readonly figures: PoolFigures,
    private readonly settings: PoolSettings,
  ) {}

  /** @returns whether it made one, so that there may be more to make */
  async run(policy: PoolPolicy, owner: string, signal: AbortSignal): Promise<boolean> {
    const members = await this.containers.list('preparing', 'ready', 'gone');
    const demands = await this.demands.list();
    const targets = poolTargets(demands, policy, new Date());
    const ready = groupByPool(members.filter(({ state }) => state === 'ready'));
    await this.clearAway(members, ready, targets);
    await this.forgetUnused(demands, targets, ready);
    const next = this.firstMissing(demands, targets, ready);
    this.show(ready, next);
    return next !== null && this.prepare(next, owner, signal);
  }

  /** What is gone; what a filler that died, or failed, has begun; and what is too much. */
  private async clearAway(
    members: readonly PoolContainer[],
    ready: Map<string, PoolContainer[]>,
    targets: ReadonlyMap<string, number>,
  ): Promise<void> {
    for (const member of members) {
      if (member.state === 'gone') await this.removal.finish(member.id, member.containerId);
      if (member.state === 'preparing') await this.removal.retire(member, 'preparing');
    }
    for (const [pool, waiting] of ready) {
      const surplus = waiting.splice(0, Math.max(waiting.length - (targets.get(pool) ?? 0), 0));
      for (const member of surplus) await this.removal.retire(member, 'ready');
    }
  }

  private async forgetUnused(
    demands: readonly PoolDemand[],
    targets: ReadonlyMap<string, number>,
    ready: ReadonlyMap<string, readonly PoolContainer[]>,
  ): Promise<void> {
    const idle = (demand: PoolDemand): boolean => Date.now() - demand.lastUsedAt.getTime() >= this.settings.maxIdleMs;
    for (const demand of demands) {
      if (targets.has(demand.pool) || (ready.get(demand.pool)?.length ?? 0) > 0 || !idle(demand)) continue;
      this.troubles.delete(demand.pool);
      await this.demands.forget(demand);
    }
  }

  /** In the order of the targets: the most recently used first. */
  private firstMissing(
    demands: readonly PoolDemand[],
    targets: ReadonlyMap<string, number>,
    ready: ReadonlyMap<string, readonly PoolContainer[]>,
  ): PoolDemand | null {
    for (const [pool, target] of targets) {
      if ((ready.get(pool)?.length ?? 0) >= target) continue;
      if ((this.troubles.get(pool)?.until ?? 0) > performance.now()) continue;
      return demands.find((demand) => demand.pool === pool) ?? null;
    }
    return null;
  }

  private async prepare(demand: PoolDemand, owner: string, signal: AbortSignal): Promise<boolean> {
    const { pool } = demand;
    try {
      await this.preparation.prepare(demand, owner, signal);
      if (this.troubles.delete(pool)) this.logger.log({ msg: 'warm containers can be prepared again', pool });
    } catch (error) {
      if (signal.aborted) return false;
      await this.cope(demand, error);
    }
    return true;
  }

  /** Told once, until it goes well again. */
  private async cope(demand: PoolDemand, error: unknown): Promise<void> {
    const { pool } = demand;
    if (error instanceof RuntimeError && error.failure === 'image-missing') {
      this.logger.warn({ msg: 'the image of warm containers is gone, and so are they', pool, err: error });
      await this.demands.forget(demand);
      return;
    }
    const failures = (this.troubles.get(pool)?.failures ?? 0) + 1;
    const { retryMs: baseMs, retryLongestMs: longestMs } = this.settings;
    this.troubles.set(pool, { failures, until: performance.now() + backOffMs(failures, { baseMs, longestMs }) });
    if (failures > 1) return;
    this.logger.warn({ msg: 'a warm container could not be prepared; it is tried again', pool, err: error });
  }

  private show(ready: ReadonlyMap<string, readonly PoolContainer[]>, next: PoolDemand | null): void {
    const counts = new Map([...ready].map(([pool, { length }]) => [pool, { ready: length, preparing: 0 }]));
    if (next !== null) counts.set(next.pool, { ready: counts.get(next.pool)?.ready ?? 0, preparing: 1 });
    this.figures.seen(counts);
  }
}

function groupByPool(members: readonly PoolContainer[]): Map<string, PoolContainer[]> {
  const groups = new Map<string, PoolContainer[]>();
  for (const member of members) groups.set(member.pool, [...(groups.get(member.pool) ?? []), member]);
  return groups;
}
