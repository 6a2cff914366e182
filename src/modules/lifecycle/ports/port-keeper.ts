import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { AgentInstanceId } from '../../../domain/ids.js';
import type { AgentLease } from '../../../domain/lifecycle/agent-leases.js';
import { DueWork } from '../../../domain/lifecycle/due-work.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { PortRecords } from '../../../domain/lifecycle/port-records.js';
import { ContainerRuntime } from '../../../domain/runtime/container-runtime.js';
import { LeaseKeeper, type Served } from '../../../platform/leases/lease-keeper.js';
import { LifecycleNotifier } from '../lifecycle-notifier.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { PortCarrier } from './port-carrier.js';
import { PortPolicy } from './port-policy.js';
import { ServedAgent } from './served-agent.js';

/**
 * Listens on this host for the agents that are wanted to run and have ports: for those that no other Muster listens for. An
 * agent that sleeps is listened for too, and woken by who connects.
 */
@Injectable()
export class PortKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly keeper: LeaseKeeper;

  constructor(
    private readonly records: PortRecords,
    private readonly carrier: PortCarrier,
    private readonly policy: PortPolicy,
    private readonly runtime: ContainerRuntime,
    private readonly notifier: LifecycleNotifier,
    due: DueWork,
    settings: LifecycleSettings,
  ) {
    this.keeper = new LeaseKeeper({
      leases: records.leases,
      due,
      kind: 'ports',
      leaseMs: settings.portLeaseMs,
      logger: new Logger(PortKeeper.name),
      what: 'ports of agents',
      begin: (instance, lease) => this.begin(instance, lease),
    });
  }

  onApplicationBootstrap(): void {
    // Elsewhere agents with ports are refused.
    if (this.runtime.capabilities.network) this.keeper.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.keeper.stop();
  }

  /** What is wanted of an agent has changed. */
  look(id: AgentInstanceId): void {
    this.keeper.look(id);
  }

  private begin({ id, tenantId, projectId, manifest, lifecycle }: ManagedInstance, lease: AgentLease): Served | null {
    // One that is not allowed does not start either, and says so.
    if (!this.policy.isAllowed(manifest)) return null;
    const path = { tenantId, projectId, id };
    const agent = new ServedAgent(manifest.ports ?? [], lifecycle.ports?.bindings ?? [], async (client, port) =>
      this.carrier.carry(client, path, port),
    );
    return {
      update: async (seen) => {
        const bindings = await agent.listen();
        if (bindings === null) return;
        await this.records.note(lease, bindings);
        this.notifier.changed(seen);
      },
      close: () => {
        agent.close();
      },
    };
  }
}
