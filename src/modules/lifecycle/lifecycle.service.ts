import { Injectable } from '@nestjs/common';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import type { AgentInstanceId } from '../../domain/ids.js';
import type { Actor } from '../../domain/events/actor.js';
import { LifecycleRecords, type Changed, type InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction } from '../../domain/lifecycle/lifecycle-states.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { containerOfReplica, replicaView, runningContainer } from '../../domain/lifecycle/replicas.js';
import { upkeepOf } from '../../domain/lifecycle/upkeep.js';
import { UpkeepRecords } from '../../domain/lifecycle/upkeep-records.js';
import { SupersededError } from '../../domain/lifecycle/superseded.error.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import type { AgentConnection } from '../../domain/runtime/agent-connection.js';
import type { ContainerStats } from '../../domain/runtime/container-stats.js';
import {
  ContainerRuntime,
  type ContainerAddress,
  type LogLine,
  type LogQuery,
} from '../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { Tunnel } from '../../domain/runtime/tunnel.js';
import type { Uplink, UplinkHandler } from '../../domain/runtime/uplink.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { AgentConnections } from './agent-connections.js';
import { ContainerPlanner } from './container-planner.js';
import { failureOf } from './failure-of.js';
import { LifecycleNotifier } from './lifecycle-notifier.js';
import { LifecycleRequests } from './lifecycle-requests.js';
import { LifecycleWaiter } from './lifecycle-waiter.js';
import { isNotThere, ReplicaRoutes, type AnsweringReplica } from './replica-routes.js';

export interface ActionResult {
  /** false: it is on its way. */
  readonly reached: boolean;
  readonly instance: ManagedInstance;
}

/** Asks agents to be something else, and shows what they are. */
@Injectable()
export class LifecycleService {
  constructor(
    private readonly records: LifecycleRecords,
    private readonly requests: LifecycleRequests,
    private readonly upkeep: UpkeepRecords,
    private readonly waiter: LifecycleWaiter,
    private readonly notifier: LifecycleNotifier,
    private readonly runtime: ContainerRuntime,
    private readonly planner: ContainerPlanner,
    private readonly connections: AgentConnections,
    private readonly routes: ReplicaRoutes,
    private readonly bus: DomainEventBus,
  ) {}

  /**
   * Asks for an action and waits for it up to `waitMs`.
   * @param replicas of a scale alone: how many copies there are to be
   * @param reason why, in the caller's own words
   * @throws NotFoundError, InvalidTransitionError, OutboxFullError, QuotaExceededError, ValidationFailedError, RuntimeError unsupported
   * @throws SupersededError when a later request replaced it; the lifecycle's own error when it failed
   */
  async act(
    path: InstancePath,
    action: LifecycleAction,
    actor: Actor,
    waitMs: number,
    replicas?: number,
    reason?: string,
  ): Promise<ActionResult> {
    if ((action === 'pause' || action === 'resume') && !this.runtime.capabilities.pause) {
      await this.records.get(path);
      throw new RuntimeError('unsupported', `The ${this.runtime.name} runtime cannot pause agents; stop it instead.`);
    }
    if (action === 'enable') {
      const enabled = await this.records.get(path);
      if (isEnabled(enabled)) return { reached: true, instance: enabled };
    }
    return this.reached(await this.requests.request(path, action, actor, { replicas, reason }), waitMs, action);
  }

  /**
   * Tells of a request that was just written, and waits for it up to `waitMs`.
   * @throws SupersededError when a later request replaced it; the lifecycle's own error when it failed
   */
  async reached({ instance, event }: Changed, waitMs: number, action?: LifecycleAction): Promise<ActionResult> {
    this.notifier.changed(instance);
    const { replicas: others, ...asked } = instance.lifecycle.desired;
    const isAbout = action === 'scale' ? { ...asked, replicas: others } : asked;
    const waiting = waitMs > 0 ? this.waiter.wait(instance, waitMs, isAbout) : null;
    this.bus.publish(event);
    if (waiting === null) return { reached: false, instance };
    const waited = await waiting;
    const { generation } = instance.lifecycle.desired;
    switch (waited.outcome) {
      case 'reached':
        return { reached: true, instance: waited.instance };
      case 'pending':
        return { reached: false, instance: waited.instance };
      case 'superseded':
        throw new SupersededError(instance.id, generation, waited.instance.lifecycle.desired.generation);
      case 'failed':
        throw failureOf(waited.instance);
    }
  }

  /** The agent once its workspace is as it is to be or it has failed in that, or as last seen when the time is up. */
  async filled(instance: ManagedInstance, waitMs: number): Promise<ManagedInstance> {
    return waitMs > 0 ? this.waiter.filled(instance, waitMs) : instance;
  }

  /** @throws NotFoundError */
  async get(path: InstancePath): Promise<ManagedInstance> {
    return this.records.get(path);
  }

  /**
   * The agent is there for so long from now, or for as long as its manifest says.
   * @throws NotFoundError, OutboxFullError
   * @throws ValidationFailedError when neither says how long
   * @throws InvalidTransitionError when it is being removed: then it is too late
   */
  async renew(path: InstancePath, ttlSeconds: number | undefined, actor: Actor): Promise<ManagedInstance> {
    const seconds = ttlSeconds ?? (await this.ttlOf(path));
    const { instance, event } = await this.upkeep.renew(path, seconds, actor);
    this.bus.publish(event);
    return instance;
  }

  /**
   * What the container of one of the agent's replicas wrote, oldest first; nothing when it has none.
   * @throws NotFoundError, also when there is no such replica; RuntimeError
   */
  async logs(path: InstancePath, query: LogQuery, replica = 0): Promise<AsyncIterable<LogLine>> {
    const containerId = containerOfReplica(await this.records.get(path), replica);
    return containerId === null ? nothing() : this.runtime.logs(containerId, query);
  }

  /**
   * What the container of one of the agent's replicas uses, each second.
   * @throws NotFoundError, AgentNotRunningError, RuntimeError unsupported
   */
  async stats(path: InstancePath, signal: AbortSignal, replica = 0): Promise<AsyncIterable<ContainerStats>> {
    const instance = await this.records.get(path);
    if (!this.runtime.capabilities.stats) {
      throw new RuntimeError('unsupported', `The ${this.runtime.name} runtime cannot measure what agents use.`);
    }
    return this.runtime.stats(runningContainer(instance, replica), signal);
  }

  /**
   * The connection to a replica of a running agent, opened when there is none yet.
   * @throws NotFoundError, AgentNotRunningError, AgentUnreachableError, AgentSocketUnsafeError
   */
  async connectionTo(instance: ManagedInstance, replica = 0): Promise<AgentConnection> {
    return this.connections.to(await this.addressOf(instance, replica));
  }

  /** As ReplicaRoutes.tunnel. */
  async tunnelTo(instance: ManagedInstance, port: number, signal: AbortSignal): Promise<Tunnel> {
    return this.routes.tunnel(instance, port, signal);
  }

  /** As ReplicaRoutes.answering. */
  async answering(instance: ManagedInstance): Promise<AnsweringReplica> {
    return this.routes.answering(instance);
  }

  /**
   * Begins something in the next replica, and in another one only where that one is not there: what was begun twice would be there twice.
   * @throws as ReplicaRoutes.byTurns
   */
  async onNextReplica<T>(
    instance: ManagedInstance,
    work: (replica: number) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    return this.routes.byTurns(instance, work, { signal, leadsOn: isNotThere });
  }

  /**
   * Where a replica of a running agent is reached.
   * @throws NotFoundError, AgentNotRunningError
   */
  async addressOf(instance: ManagedInstance, replica: number): Promise<ContainerAddress> {
    return this.planner.addressOf(instance, replica, runningContainer(instance, replica));
  }

  /**
   * Takes what a replica asks for, from the moment that its agent-server answers, whatever its state.
   * @throws NotFoundError, AgentNotRunningError, AgentUnreachableError, AgentSocketUnsafeError
   */
  async uplinkTo(instance: ManagedInstance, replica: number, handler: UplinkHandler): Promise<Uplink> {
    const id = containerOfReplica(instance, replica);
    if (id === null) throw new AgentNotRunningError(instance.id, replicaView(instance, replica).lifecycle.state);
    return (await this.connections.to(await this.planner.addressOf(instance, replica, id))).uplink(handler);
  }

  /**
   * Tells what this process writes of an agent, each time.
   * @returns a function that ends it
   */
  watch(id: AgentInstanceId, listener: (instance: ManagedInstance) => void): () => void {
    return this.notifier.on(id, listener);
  }

  private async ttlOf(path: InstancePath): Promise<number> {
    const { ttlMs } = upkeepOf((await this.records.get(path)).manifest);
    if (ttlMs !== null) return ttlMs / 1000;
    const detail = "must be given where the agent's manifest has none";
    throw new ValidationFailedError([{ pointer: '/ttlSeconds', detail }]);
  }

  /** As AgentConnections.failed. */
  connectionFailed(instance: ManagedInstance, replica: number, error: unknown): void {
    const { containerId } = replicaView(instance, replica).lifecycle;
    if (containerId !== null) this.connections.failed(containerId, error);
  }
}

async function* nothing(): AsyncIterable<never> {
  // No container has written anything.
}

/** Nothing has to be done to enable it. */
const isEnabled = ({ lifecycle: { state, desired } }: ManagedInstance): boolean =>
  state !== 'disabled' && desired.state !== 'disabled' && desired.state !== 'removed';
