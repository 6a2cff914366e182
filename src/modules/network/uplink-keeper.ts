import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentInstanceId } from '../../domain/ids.js';
import { UplinkRecords } from '../../domain/network/uplink-records.js';
import { ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import type { Uplink } from '../../domain/runtime/uplink.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { AgentCalls, type CallParts } from './agent-calls.js';
import { AgentUplinks } from './agent-uplinks.js';
import { ConnectionTally } from './connection-tally.js';
import { EgressCarrier } from './egress/egress-carrier.js';
import { NetworkFigures } from './network-figures.js';
import { NetworkRules } from './network-rules.js';
import { NetworkSettings } from './network-settings.js';
import { ProjectCarrier } from './project-carrier.js';

const TAKEN_AT_ONCE = 50;

interface Kept {
  readonly uplinks: AgentUplinks;
  readonly unwatch: () => void;
  renewAt: number;
}

/** Takes the calls of the agents that have a network and are wanted to run: of those whose calls no other Muster takes. */
@Injectable()
export class UplinkKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Network');
  private readonly parts: CallParts;
  private readonly owner = randomUUID();
  private readonly stopping = new AbortController();
  private readonly kept = new Map<AgentInstanceId, Kept>();
  private nudged = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly records: UplinkRecords,
    private readonly lifecycle: LifecycleService,
    private readonly runtime: ContainerRuntime,
    private readonly settings: NetworkSettings,
    private readonly tally: ConnectionTally,
    rules: NetworkRules,
    egress: EgressCarrier,
    project: ProjectCarrier,
    figures: NetworkFigures,
  ) {
    this.parts = { rules, egress, project, tally, figures, settings };
  }

  onApplicationBootstrap(): void {
    // Elsewhere agents with a network are refused.
    if (this.runtime.capabilities.network) this.loop = this.poll(this.stopping.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.nudged.abort();
    await this.loop;
    await Promise.all([...this.kept.keys()].map(async (id) => this.letGo(id)));
    await this.tally.stop();
  }

  /** What is wanted of an agent has changed. */
  look(id: AgentInstanceId): void {
    const kept = this.kept.get(id);
    if (kept !== undefined) kept.renewAt = 0;
    this.nudged.abort();
  }

  private async poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.nudged = new AbortController();
      const either = AbortSignal.any([signal, this.nudged.signal]);
      try {
        await this.renewDue();
        for (const id of await this.records.findUnserved(TAKEN_AT_ONCE)) await this.take(id);
      } catch (error) {
        this.logger.warn({ msg: 'looking after the network of agents failed; it is tried again', err: error });
      }
      await sleep(this.settings.pollMs, undefined, { signal: either, ref: false }).catch(() => undefined);
    }
  }

  private async renewDue(): Promise<void> {
    const { leaseMs } = this.settings;
    for (const [id, kept] of this.kept) {
      if (kept.renewAt > performance.now()) continue;
      kept.renewAt = performance.now() + leaseMs / 4;
      const instance = await this.records.renew({ id, owner: this.owner }, leaseMs);
      if (instance === null) await this.letGo(id);
      else kept.uplinks.update(instance);
    }
  }

  private async take(id: AgentInstanceId): Promise<void> {
    const { leaseMs } = this.settings;
    const instance = await this.records.take({ id, owner: this.owner }, leaseMs);
    if (instance === null) return;
    this.forget(id);
    const uplinks = new AgentUplinks(instance, async (...of) => this.open(...of), this.settings);
    const unwatch = this.lifecycle.watch(id, (seen) => {
      uplinks.update(seen);
    });
    this.kept.set(id, { uplinks, unwatch, renewAt: performance.now() + leaseMs / 4 });
    uplinks.update(instance);
  }

  private async open(of: AgentUplinks, replica: number, flooded: () => void): Promise<Uplink> {
    const calls = new AgentCalls(() => of.agent, this.parts, flooded);
    return this.lifecycle.uplinkTo(of.agent, replica, calls);
  }

  private async letGo(id: AgentInstanceId): Promise<void> {
    this.forget(id);
    try {
      await this.records.release({ id, owner: this.owner });
    } catch (error) {
      this.logger.warn({ msg: 'a lease on uplinks could not be given back; it ends by itself', agent: id, err: error });
    }
  }

  private forget(id: AgentInstanceId): void {
    const kept = this.kept.get(id);
    kept?.unwatch();
    kept?.uplinks.close();
    this.kept.delete(id);
  }
}
