import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentInstanceId } from '../../../domain/ids.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { PortRecords } from '../../../domain/lifecycle/port-records.js';
import { ContainerRuntime } from '../../../domain/runtime/container-runtime.js';
import { LifecycleNotifier } from '../lifecycle-notifier.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { PortCarrier } from './port-carrier.js';
import { PortPolicy } from './port-policy.js';
import { ServedAgent } from './served-agent.js';

const TAKEN_AT_ONCE = 50;

interface Served {
  readonly agent: ServedAgent;
  renewAt: number;
}

/**
 * Listens on this host for the agents that are wanted to run and have ports: for those that no other Muster listens for. An
 * agent that sleeps is listened for too, and woken by who connects.
 */
@Injectable()
export class PortKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(PortKeeper.name);
  private readonly owner = randomUUID();
  private readonly stopping = new AbortController();
  private readonly served = new Map<AgentInstanceId, Served>();
  private nudged = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly records: PortRecords,
    private readonly carrier: PortCarrier,
    private readonly policy: PortPolicy,
    private readonly runtime: ContainerRuntime,
    private readonly notifier: LifecycleNotifier,
    private readonly settings: LifecycleSettings,
  ) {}

  onApplicationBootstrap(): void {
    // Elsewhere agents with ports are refused.
    if (this.runtime.capabilities.network) this.loop = this.poll(this.stopping.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.nudged.abort();
    await this.loop;
    await Promise.all([...this.served.keys()].map((id) => this.letGo(id)));
  }

  /** What is wanted of an agent has changed. */
  look(id: AgentInstanceId): void {
    const served = this.served.get(id);
    if (served !== undefined) served.renewAt = 0;
    this.nudged.abort();
  }

  private async poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.nudged = new AbortController();
      const either = AbortSignal.any([signal, this.nudged.signal]);
      try {
        await this.renewDue();
        for (const { id } of await this.records.findUnserved(TAKEN_AT_ONCE)) await this.take(id);
      } catch (error) {
        this.logger.warn({ msg: 'looking after the ports of agents failed; it is tried again', err: error });
      }
      await sleep(this.settings.portPollMs, undefined, { signal: either, ref: false }).catch(() => undefined);
    }
  }

  private async renewDue(): Promise<void> {
    const { portLeaseMs } = this.settings;
    for (const [id, served] of this.served) {
      if (served.renewAt > performance.now()) continue;
      served.renewAt = performance.now() + portLeaseMs / 4;
      const instance = await this.records.renew(this.leaseOf(id), portLeaseMs);
      if (instance === null) await this.letGo(id);
      else await this.listen(instance, served.agent);
    }
  }

  private async take(id: AgentInstanceId): Promise<void> {
    const { portLeaseMs } = this.settings;
    const instance = await this.records.take(this.leaseOf(id), portLeaseMs);
    if (instance === null || !this.isAllowed(instance)) return;
    const { manifest, lifecycle, tenantId, projectId } = instance;
    const path = { tenantId, projectId, id };
    const agent = new ServedAgent(manifest.ports ?? [], lifecycle.ports?.bindings ?? [], async (client, port) =>
      this.carrier.carry(client, path, port),
    );
    this.served.get(id)?.agent.close();
    this.served.set(id, { agent, renewAt: performance.now() + portLeaseMs / 4 });
    await this.listen(instance, agent);
  }

  /** One that is not allowed does not start either, and says so. */
  private isAllowed({ manifest }: ManagedInstance): boolean {
    try {
      this.policy.assertAllowed(manifest);
      return true;
    } catch {
      return false;
    }
  }

  private async listen(instance: ManagedInstance, agent: ServedAgent): Promise<void> {
    const bindings = await agent.listen();
    if (bindings === null) return;
    await this.records.note(this.leaseOf(instance.id), bindings);
    this.notifier.changed(instance);
  }

  private async letGo(id: AgentInstanceId): Promise<void> {
    this.served.get(id)?.agent.close();
    this.served.delete(id);
    try {
      await this.records.release(this.leaseOf(id));
    } catch (error) {
      this.logger.warn({ msg: 'a lease on ports could not be given back; it ends by itself', agent: id, err: error });
    }
  }

  private leaseOf(id: AgentInstanceId): { id: AgentInstanceId; owner: string } {
    return { id, owner: this.owner };
  }
}
