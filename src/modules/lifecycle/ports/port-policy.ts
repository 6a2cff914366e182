import { Injectable } from '@nestjs/common';
import { isIP } from 'node:net';
import { DomainError } from '../../../domain/errors/domain-error.js';
import type { Manifest } from '../../../domain/templates/manifest.js';
import { Configuration } from '../../../platform/config/configuration.js';

export const LOOPBACK = '127.0.0.1';
const ALWAYS: readonly string[] = [LOOPBACK, '::1'];
/** Below it are the ports of the host's own services. */
const FIRST_FREE_PORT = 1024;

/** Where on the host agents may be reached: on its loopback, and where the operator says. */
@Injectable()
export class PortPolicy {
  constructor(private readonly configuration: Configuration) {}

  isAllowed(manifest: Manifest): boolean {
    try {
      this.assertAllowed(manifest);
      return true;
    } catch {
      return false;
    }
  }

  /** @throws DomainError HOST_ACCESS_REFUSED, MANIFEST_NOT_FOUND */
  assertAllowed({ ports = [] }: Manifest): void {
    for (const { containerPort, hostIp = LOOPBACK, hostPort = FIRST_FREE_PORT } of ports) {
      if (isIP(hostIp) === 0) {
        throw new DomainError('MANIFEST_NOT_FOUND', `${hostIp}, for port ${containerPort}, is not an IP address.`);
      }
      if (!ALWAYS.includes(hostIp) && !this.configuration.portBindAddresses.includes(hostIp)) {
        throw refused(`hostIp ${hostIp} is not one of the operator's PORT_BIND_ADDRESSES`);
      }
      if (hostPort < FIRST_FREE_PORT) throw refused(`hostPort ${hostPort} is one of the host's own, below 1024`);
    }
  }
}

const refused = (why: string): DomainError => new DomainError('HOST_ACCESS_REFUSED', `The manifest's ${why}.`);
