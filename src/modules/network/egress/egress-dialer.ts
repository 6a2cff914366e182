import { Injectable } from '@nestjs/common';
import { BlockList, connect, isIPv6, type Socket } from 'node:net';
import type { Destination } from '../../../domain/network/destination.js';
import { Configuration } from '../../../platform/config/configuration.js';
import { readNetwork } from '../../../platform/network/read-network.js';
import { NetworkSettings } from '../network-settings.js';
import { HostNames } from './host-names.js';
import { OwnServices } from './own-services.js';
import { isPublicAddress } from './public-address.js';

/** Of a host's addresses, so many are tried. */
const MOST_TRIED = 3;

export type DialFailure = 'no-address' | 'address-refused' | 'unreachable' | 'timeout';

/**
 * Connects to a host outside. Which addresses a name has is found out here, and connected is to an address that was looked at: a name that changes its
 * addresses in between leads nowhere else.
 */
@Injectable()
export class EgressDialer {
  private readonly allowedAnyway = new BlockList();

  constructor(
    private readonly names: HostNames,
    private readonly own: OwnServices,
    private readonly settings: NetworkSettings,
    { egress }: Configuration,
  ) {
    for (const cidr of egress.privateNetworks) {
      const network = readNetwork(cidr);
      if (network !== null) this.allowedAnyway.addSubnet(network.address, network.prefix, network.family);
    }
  }

  async dial({ host, port }: Destination, signal: AbortSignal): Promise<Socket | DialFailure> {
    const addresses = await within(this.names.addressesOf(host), this.settings.resolveMs);
    if (addresses === null) return 'timeout';
    if (addresses.length === 0) return 'no-address';
    const allowed: string[] = [];
    for (const address of addresses) if (await this.isAllowed(host, address, port)) allowed.push(address);
    if (allowed.length === 0) return 'address-refused';
    let failure: DialFailure = 'unreachable';
    for (const address of allowed.slice(0, MOST_TRIED)) {
      if (signal.aborted) break;
      const dialled = await this.connectTo(address, port, signal);
      if (typeof dialled !== 'string') return dialled;
      failure = dialled;
    }
    return failure;
  }

  private async isAllowed(host: string, address: string, port: number): Promise<boolean> {
    if (await this.own.isOwn(host, address, port)) return false;
    if (this.allowedAnyway.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) return true;
    // What is public and this host's own is behind its own firewall, as seen from itself.
    return isPublicAddress(address) && !this.own.hostAddresses().includes(address);
  }

  private connectTo(address: string, port: number, signal: AbortSignal): Promise<Socket | 'unreachable' | 'timeout'> {
    return new Promise((resolve) => {
      const socket = connect({ host: address, port, allowHalfOpen: true });
      const done = (outcome: Socket | 'unreachable' | 'timeout'): void => {
        clearTimeout(late);
        signal.removeEventListener('abort', giveUp);
        if (outcome !== socket) socket.destroy();
        resolve(outcome);
      };
      const giveUp = (): void => {
        done('unreachable');
      };
      const late = setTimeout(() => {
        done('timeout');
      }, this.settings.connectMs);
      signal.addEventListener('abort', giveUp, { once: true });
      // Stays: an error that nobody listens for would end Muster.
      socket.on('error', giveUp);
      socket.once('connect', () => {
        done(socket);
      });
    });
  }
}

/** null: it takes longer. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => {
      resolve(null);
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
