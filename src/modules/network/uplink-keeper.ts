import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { AgentInstanceId } from '../../domain/ids.js';
import { DueWork } from '../../domain/lifecycle/due-work.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { HookCallers } from '../../domain/network/hook-callers.js';
import { UplinkRecords } from '../../domain/network/uplink-records.js';
import { ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import type { Uplink } from '../../domain/runtime/uplink.js';
import { LeaseKeeper, type Served } from '../../platform/leases/lease-keeper.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { AgentCalls, type CallParts } from './agent-calls.js';
import { AgentUplinks } from './agent-uplinks.js';
import { ConnectionTally } from './connection-tally.js';
import { EgressCarrier } from './egress/egress-carrier.js';
import { NetworkFigures } from './network-figures.js';
import { NetworkRules } from './network-rules.js';
import { NetworkSettings } from './network-settings.js';
import { ProjectCarrier } from './project-carrier.js';

/** Takes the calls of the agents that have a network and are wanted to run: of those whose calls no other Muster takes. */
@Injectable()
export class UplinkKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly parts: CallParts;
  private readonly keeper: LeaseKeeper;

  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly runtime: ContainerRuntime,
    private readonly settings: NetworkSettings,
    private readonly tally: ConnectionTally,
    records: UplinkRecords,
    due: DueWork,
    rules: NetworkRules,
    egress: EgressCarrier,
    project: ProjectCarrier,
    figures: NetworkFigures,
    hooks: HookCallers,
  ) {
    this.parts = { rules, egress, project, tally, figures, settings };
    hooks.decidedBy((instance, flooded) => new AgentCalls(() => instance, this.parts, flooded));
    this.keeper = new LeaseKeeper({
      leases: records.leases,
      due,
      kind: 'uplink',
      leaseMs: settings.leaseMs,
      logger: new Logger('Network'),
      what: 'uplinks of agents',
      begin: (instance) => this.begin(instance),
    });
  }

  onApplicationBootstrap(): void {
    // Elsewhere agents with a network are refused.
    if (this.runtime.capabilities.network) this.keeper.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.keeper.stop();
    await this.tally.stop();
  }

  /** What is wanted of an agent has changed. */
  look(id: AgentInstanceId): void {
    this.keeper.look(id);
  }

  private begin(instance: ManagedInstance): Served {
    const uplinks = new AgentUplinks(instance, async (...of) => this.open(...of), this.settings);
    const update = (seen: ManagedInstance): void => {
      uplinks.update(seen);
    };
    const unwatch = this.lifecycle.watch(instance.id, update);
    return {
      update,
      close: () => {
        unwatch();
        uplinks.close();
      },
    };
  }

  private async open(of: AgentUplinks, replica: number, flooded: () => void): Promise<Uplink> {
    const calls = new AgentCalls(() => of.agent, this.parts, flooded);
    return this.lifecycle.uplinkTo(of.agent, replica, calls);
  }
}
