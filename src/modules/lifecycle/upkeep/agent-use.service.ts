import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DomainError } from '../../../domain/errors/domain-error.js';
import type { AgentInstanceId } from '../../../domain/ids.js';
import { AgentUse, type Use } from '../../../domain/lifecycle/agent-use.js';
import type { InstancePath } from '../../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { replicaView } from '../../../domain/lifecycle/replicas.js';
import { hasGivenUp } from '../../../domain/lifecycle/restart-policy.js';
import { canServe } from '../../../domain/lifecycle/serving-replicas.js';
import { UpkeepRecords } from '../../../domain/lifecycle/upkeep-records.js';
import { AgentNotRunningError } from '../../../domain/runs/agent-not-running.error.js';
import { Draining } from '../../../platform/http/draining.js';
import { failureOf } from '../failure-of.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { LifecycleWaiter } from '../lifecycle-waiter.js';
import { Reconciler } from '../reconciler/reconciler.service.js';

/** The uses that go on in this process; it says again and again that they do. */
@Injectable()
export class AgentUseService extends AgentUse implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(AgentUse.name);
  private readonly uses = new Map<string, AgentInstanceId>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly records: UpkeepRecords,
    private readonly waiter: LifecycleWaiter,
    private readonly reconciler: Reconciler,
    private readonly settings: LifecycleSettings,
    private readonly draining: Draining,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.renew(), this.settings.useRenewEveryMs).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  async hold(path: InstancePath): Promise<Use> {
    const useId = randomUUID();
    const used = await this.records.beginUse(path, useId, this.settings.useMs);
    this.uses.set(useId, path.id);
    if (used.lifecycle.sleep === 'waking') this.reconciler.wake(path.id);
    return {
      awake: async (signal, replica = 0) => this.awake(used, replica, signal),
      release: async () => this.release(path.id, useId),
    };
  }

  async during<T>(
    path: InstancePath,
    work: (instance: ManagedInstance) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const use = await this.hold(path);
    try {
      return await work(await use.awake(signal));
    } finally {
      await use.release();
    }
  }

  private async release(id: AgentInstanceId, useId: string): Promise<void> {
    if (!this.uses.delete(useId)) return;
    try {
      await this.records.endUse(id, useId);
    } catch (error) {
      // Nobody renews it any more.
      this.logger.warn({ msg: 'the end of a use could not be noted; it ends by itself', instance: id, err: error });
    }
  }

  private async awake(used: ManagedInstance, replica: number, signal?: AbortSignal): Promise<ManagedInstance> {
    const slept = used.lifecycle.sleep !== null;
    const isOver = (seen: ManagedInstance): boolean =>
      !this.isWaking(seen) && !(slept && this.isFollowing(seen, replica));
    const either = AbortSignal.any([this.draining.signal, ...(signal === undefined ? [] : [signal])]);
    const instance = await this.waiter.until(used, isOver, Infinity, either);
    const { state, error } = instance.lifecycle;
    if (state === 'running' || canServe(instance)) return instance;
    signal?.throwIfAborted();
    if (this.draining.signal.aborted)
      throw new DomainError('SHUTTING_DOWN', 'This server is shutting down. Try again.');
    const couldNotWake = slept && state === 'failed' && error !== null;
    throw couldNotWake ? failureOf(instance) : new AgentNotRunningError(instance.id, state);
  }

  /** On its way from sleep; where an attempt to start it fails, another one follows. */
  private isWaking({ lifecycle }: ManagedInstance): boolean {
    const { sleep, state, desired } = lifecycle;
    if (sleep !== 'waking' || desired.state !== 'running' || state === 'running') return false;
    return !(state === 'failed' && hasGivenUp(lifecycle, this.settings.policy));
  }

  /** The agent runs, and a replica beside the first does not yet. */
  private isFollowing(instance: ManagedInstance, replica: number): boolean {
    if (replica === 0 || instance.lifecycle.state !== 'running') return false;
    const { state, desired, failures, error, replicas } = replicaView(instance, replica).lifecycle;
    if (replicas.length === 0 || desired.state !== 'running' || state === 'running') return false;
    return !(state === 'failed' && hasGivenUp({ failures, error }, this.settings.policy));
  }

  private async renew(): Promise<void> {
    if (this.uses.size === 0) return;
    try {
      await this.records.renewUses([...new Set(this.uses.values())], [...this.uses.keys()], this.settings.useMs);
    } catch (error) {
      this.logger.warn({ msg: 'uses of agents could not be renewed; it is tried again', err: error });
    }
  }
}
