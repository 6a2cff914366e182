import { Injectable } from '@nestjs/common';
import type { AgentInstanceId } from '../../../domain/ids.js';
import { LifecycleRecords } from '../../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { needsStep } from '../../../domain/lifecycle/plan-replicas.js';
import { ContainerRuntime, type ContainerObservation } from '../../../domain/runtime/container-runtime.js';
import { ContainerPlanner } from '../container-planner.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { PoolSweep } from '../pool/pool-sweep.js';
import { within } from '../within.js';
import { containersOf } from './containers-of.js';
import { EngineWatch } from './engine-watch.js';
import { OrphanRemoval } from './orphan-removal.js';

const BATCH = 200;

/** Compares every instance with the engine: one listing of containers, one pass over the instances. */
@Injectable()
export class Resync {
  constructor(
    private readonly records: LifecycleRecords,
    private readonly runtime: ContainerRuntime,
    private readonly planner: ContainerPlanner,
    private readonly orphans: OrphanRemoval,
    private readonly pool: PoolSweep,
    private readonly watch: EngineWatch,
    private readonly settings: LifecycleSettings,
  ) {}

  /**
   * Names each instance that needs work. What was listed is a hint: who works on the instance looks for itself.
   * @throws RuntimeError when the engine does not answer
   */
  async run(found: (id: AgentInstanceId) => void): Promise<void> {
    const installation = await this.planner.installationId();
    const listing = this.runtime.list(installation);
    const listed = await within(this.settings.callTimeoutMs, 'Listing the containers', listing);
    const containers = listed.filter(({ owner }) => owner?.installation === installation);
    const byId = new Map(containers.map((container) => [container.id, container]));
    let after: AgentInstanceId | null = null;
    for (;;) {
      const batch: readonly ManagedInstance[] = await this.records.scan(after, BATCH);
      for (const instance of batch) if (await this.needsWork(instance, byId)) found(instance.id);
      const last = batch.at(-1);
      if (last === undefined || batch.length < BATCH) break;
      after = last.id;
    }
    await this.orphans.sweep(containers);
    await this.pool.sweep(containers);
  }

  private async needsWork(
    instance: ManagedInstance,
    listed: ReadonlyMap<string, ContainerObservation>,
  ): Promise<boolean> {
    const containers = await containersOf(instance, (id) => listed.get(id) ?? null);
    const { policy } = this.settings;
    return needsStep({ instance, containers, now: new Date(), policy, watchedSince: this.watch.since });
  }
}
