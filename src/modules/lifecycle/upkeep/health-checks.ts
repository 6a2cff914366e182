import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { AgentInstanceId } from '../../../domain/ids.js';
import { ALL_DUE, DueWork } from '../../../domain/lifecycle/due-work.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { followersOf, replicaView } from '../../../domain/lifecycle/replicas.js';
import type { RestartPolicy } from '../../../domain/lifecycle/restart-policy.js';
import { upkeepOf } from '../../../domain/lifecycle/upkeep.js';
import { UpkeepRecords } from '../../../domain/lifecycle/upkeep-records.js';
import { LifecycleNotifier } from '../lifecycle-notifier.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { Reconciler } from '../reconciler/reconciler.service.js';
import { HealthProbes } from './health-probes.js';

/**
 * Looks after the health of agents that run. When a check is due stands in the document, and who moves that on makes the
 * check: so several Musters neither check twice nor leave one out, without a lease, and a check whose Muster died
 * is only one of several in a row. What follows from the checks is the reconciler's.
 */
@Injectable()
export class HealthChecks implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(HealthChecks.name);
  private readonly stopping = new AbortController();
  private readonly inHand = new Map<AgentInstanceId, Promise<void>>();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly records: UpkeepRecords,
    private readonly due: DueWork,
    private readonly probes: HealthProbes,
    private readonly reconciler: Reconciler,
    private readonly notifier: LifecycleNotifier,
    private readonly settings: LifecycleSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.loop = this.poll(this.stopping.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.loop;
    await Promise.all(this.inHand.values());
  }

  private async poll(signal: AbortSignal): Promise<void> {
    for (let due = ALL_DUE; !signal.aborted; due = await this.due.next(signal)) {
      try {
        if (due.has('health-check')) await this.takeDue();
      } catch (error) {
        this.logger.warn({ msg: 'looking for due health checks failed; it is tried again', err: error });
      }
    }
  }

  private async takeDue(): Promise<void> {
    const room = this.settings.healthAtOnce - this.inHand.size;
    if (room <= 0) return;
    for (const instance of await this.records.takeHealthChecks(room, nextCheckMs)) {
      if (this.inHand.has(instance.id)) continue;
      this.inHand.set(
        instance.id,
        this.check(instance).finally(() => this.inHand.delete(instance.id)),
      );
    }
  }

  private async check(instance: ManagedInstance): Promise<void> {
    const others = followersOf(instance.lifecycle).map(({ index }) => index);
    await Promise.all([0, ...others].map((replica) => this.checkReplica(instance, replica)));
  }

  private async checkReplica(instance: ManagedInstance, replica: number): Promise<void> {
    const { state, containerId } = replicaView(instance, replica).lifecycle;
    if (state !== 'running' || containerId === null) return;
    await this.logged(instance, async () => {
      await this.note(instance, replica, containerId, await this.probes.faultOf(instance, containerId, replica));
    });
  }

  /** Neither the engine's nor the database's silence says anything about the agent. */
  private async logged({ id }: ManagedInstance, check: () => Promise<void>): Promise<void> {
    try {
      await check();
    } catch (error) {
      this.logger.warn({ msg: 'a health check could not be made', agent: id, err: error });
    }
  }

  private async note(
    instance: ManagedInstance,
    replica: number,
    containerId: string,
    fault: string | null,
  ): Promise<void> {
    const { lifecycle, manifest } = replicaView(instance, replica);
    const { retries, startPeriodMs } = upkeepOf(manifest);
    const ranMs = Date.now() - (lifecycle.startedAt?.getTime() ?? Date.now());
    if (fault !== null && ranMs < startPeriodMs) return;
    const forgetsFailures = fault === null && forgets(lifecycle.failures, ranMs, this.settings.policy);
    const isNews = fault !== null || lifecycle.healthCheck.failures > 0 || forgetsFailures;
    if (!isNews && lifecycle.replicas[0]?.health === 'healthy') return;
    const noted = await this.records.noteHealth(instance.id, { replica, containerId, fault, forgetsFailures });
    if (noted === null) return;
    this.notifier.changed(noted);
    if (replicaView(noted, replica).lifecycle.healthCheck.failures >= retries)
      this.reconciler.attend(instance.id, replica);
  }
}

/** A check that takes its whole time must not meet the next one. */
function nextCheckMs({ manifest }: ManagedInstance): number {
  const { intervalMs, timeoutMs } = upkeepOf(manifest);
  return Math.max(intervalMs, timeoutMs + 1000);
}

const forgets = (failures: number, ranMs: number, { stableMs }: RestartPolicy): boolean =>
  failures > 0 && ranMs >= stableMs;
