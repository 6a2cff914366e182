import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { PortBinding } from '../../../domain/lifecycle/lifecycle.js';
import { lifecycleError } from '../../../domain/lifecycle/recovery.js';
import type { ManifestPort } from '../../../domain/templates/manifest.js';
import { hasErrno } from '../../../platform/has-errno.js';
import { LOOPBACK } from './port-policy.js';

/** Beyond so many at once, for one port, a connection is closed as soon as it is made. */
const MOST_CONNECTIONS = 128;

type Carry = (client: Socket, containerPort: number) => Promise<void>;

/** The ports of one agent that this process listens on. */
export class ServedAgent {
  private readonly servers = new Map<number, Server>();
  private readonly clients = new Set<Socket>();
  private closed = false;

  constructor(
    private readonly ports: readonly ManifestPort[],
    private known: readonly PortBinding[],
    private readonly carry: Carry,
  ) {}

  /**
   * Listens where it does not yet.
   * @returns what has become of each port; null when that is as it was
   */
  async listen(): Promise<readonly PortBinding[] | null> {
    const missing = this.ports.filter(({ containerPort }) => !this.servers.has(containerPort));
    if (missing.length === 0) return null;
    const bindings: PortBinding[] = [];
    for (const port of this.ports) bindings.push(await this.bind(port));
    const isNews = JSON.stringify(bindings) !== JSON.stringify(this.known);
    this.known = bindings;
    return isNews ? bindings : null;
  }

  close(): void {
    this.closed = true;
    for (const server of this.servers.values()) server.close();
    this.servers.clear();
    for (const client of this.clients) client.destroy();
  }

  private async bind(port: ManifestPort): Promise<PortBinding> {
    const { containerPort, hostPort: fixed, hostIp = LOOPBACK } = port;
    const before = this.known.find((binding) => binding.containerPort === containerPort) ?? null;
    if (this.servers.has(containerPort) && before !== null) return before;
    const wanted = fixed ?? before?.hostPort ?? 0;
    try {
      const hostPort = await this.open(containerPort, hostIp, wanted, fixed === undefined);
      return { containerPort, hostIp, hostPort, error: null };
    } catch (error) {
      return { containerPort, hostIp, hostPort: fixed ?? null, error: failureOf(error, hostIp, wanted) };
    }
  }

  /** The port it had before is only a wish, unless the manifest names it. */
  private async open(containerPort: number, host: string, port: number, isWish: boolean): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      this.clients.add(client);
      client.once('close', () => this.clients.delete(client));
      void this.carry(client, containerPort);
    });
    server.maxConnections = MOST_CONNECTIONS;
    try {
      await listening(server, host, port);
    } catch (error) {
      if (!isWish || port === 0) throw error;
      await listening(server, host, 0);
    }
    server.on('error', () => undefined);
    if (this.closed) server.close();
    else this.servers.set(containerPort, server);
    return (server.address() as AddressInfo).port;
  }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function failureOf(error: unknown, host: string, port: number): PortBinding['error'] {
  if (hasErrno(error, 'EADDRINUSE')) {
    return lifecycleError('PORT_TAKEN', `Somebody else listens on port ${port} of ${host}.`);
  }
  return lifecycleError('HOST_ACCESS_REFUSED', `Muster's host does not let it listen on port ${port} of ${host}.`);
}
