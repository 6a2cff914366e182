import { Injectable } from '@nestjs/common';
import type { AgentInstanceId } from '../../../domain/ids.js';
import { LifecycleRecords } from '../../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { nextStep } from '../../../domain/lifecycle/next-step.js';
import { ContainerRuntime, type ContainerObservation } from '../../../domain/runtime/container-runtime.js';
import { ContainerPlanner } from '../container-planner.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { PoolSweep } from '../pool/pool-sweep.js';
import { within } from '../within.js';
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
      for (const instance of batch) if (this.needsWork(instance, byId)) found(instance.id);
      const last = batch.at(-1);
      if (last === undefined || batch.length < BATCH) break;
      after = last.id;
    }
    await this.orphans.sweep(containers);
    await this.pool.sweep(containers);
  }

  private needsWork(instance: ManagedInstance, containers: ReadonlyMap<string, ContainerObservation>): boolean {
    const { containerId, desired, observedGeneration, error, state } = instance.lifecycle;
    if (observedGeneration < desired.generation) return true;
    if (error !== null && state !== 'failed') return true;
    const container = containerId === null ? null : (containers.get(containerId) ?? null);
    const { policy } = this.settings;
    return nextStep({ instance, container, now: new Date(), policy, watchedSince: this.watch.since }).kind !== 'rest';
  }
}
