import { Injectable } from '@nestjs/common';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import {
  matches,
  matchesHost,
  patternsOf,
  readBound,
  type Destination,
  type DestinationPattern,
} from '../../domain/network/destination.js';
import { allowedOutside, exposedPorts, identifierIn } from '../../domain/network/peer-name.js';
import { UplinkRecords } from '../../domain/network/uplink-records.js';
import { Configuration } from '../../platform/config/configuration.js';

/** Where a connection leads: to another agent, or outside. */
export type Way = { readonly to: 'project'; readonly peer: ManagedInstance } | { readonly to: 'egress' };

/** Decides what an agent may reach: what its own manifest says, within what the operator says, and nothing that it says itself. */
@Injectable()
export class NetworkRules {
  private readonly bounds: readonly DestinationPattern[];

  constructor(
    private readonly records: UplinkRecords,
    { egress }: Configuration,
  ) {
    this.bounds = patternsOf(egress.allow, readBound);
  }

  /** The ports at which the agent reaches a name; none: there is no such name for it. */
  async portsOf(caller: ManagedInstance, name: string): Promise<readonly number[]> {
    const peer = await this.peerOf(caller, name);
    if (peer !== null) return exposedPorts(peer.manifest);
    const ports = patternsOf(allowedOutside(caller.manifest))
      .filter((pattern) => matchesHost(pattern, name))
      .flatMap(({ port }) => (port !== null && this.isWithinBounds({ host: name, port }) ? [port] : []));
    return [...new Set(ports)];
  }

  /** null: it is not allowed. */
  async wayTo(caller: ManagedInstance, destination: Destination): Promise<Way | null> {
    const peer = await this.peerOf(caller, destination.host);
    if (peer !== null) {
      return exposedPorts(peer.manifest).includes(destination.port) ? { to: 'project', peer } : null;
    }
    const isAllowed = patternsOf(allowedOutside(caller.manifest)).some((pattern) => matches(pattern, destination));
    return isAllowed && this.isWithinBounds(destination) ? { to: 'egress' } : null;
  }

  /** Another agent, or itself, of the same project and tenant, if both are of network mode project and it exposes something. */
  private async peerOf(caller: ManagedInstance, name: string): Promise<ManagedInstance | null> {
    const identifier = caller.manifest.network?.mode === 'project' ? identifierIn(name) : null;
    if (identifier === null) return null;
    const peer = await this.records.findPeer(caller.tenantId, caller.projectId, identifier);
    return peer !== null && exposedPorts(peer.manifest).length > 0 ? peer : null;
  }

  private isWithinBounds(destination: Destination): boolean {
    return this.bounds.some((bound) => matches(bound, destination));
  }
}
