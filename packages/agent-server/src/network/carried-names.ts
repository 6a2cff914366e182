import { createServer, type Server, type Socket } from 'node:net';
import { log } from '../log.js';
import { nthAddress } from './nth-address.js';

/** How long an answer about a name holds. */
const KNOWN_MS = 5_000;
/** Names that have an address at once. The one that was asked for longest ago makes way, unless a connection to it is open. */
const MOST_NAMES = 256;
const MOST_CONNECTIONS = 256;

type PortsOf = (name: string) => Promise<readonly number[]>;
type Carry = (client: Socket, name: string, port: number) => void;

interface Named {
  readonly address: string;
  readonly servers: Map<number, Server>;
  readonly clients: Set<Socket>;
  knownUntil: number;
}

/**
 * Gives each name that Muster knows for this agent a loopback address of its own, and listens there on the ports at which it is to be
 * reached. So programs need no settings: what they connect to is the name they know, at its port.
 */
export class CarriedNames {
  private readonly names = new Map<string, Named>();
  private readonly asked = new Map<string, Promise<string | null>>();
  private given = 0;

  constructor(
    private readonly portsOf: PortsOf,
    private readonly carry: Carry,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** null: there is no such name. @throws when Muster cannot be asked, or nothing can be listened on */
  async addressOf(name: string): Promise<string | null> {
    if (name === 'localhost' || name.endsWith('.localhost')) return '127.0.0.1';
    const known = this.names.get(name);
    if (known !== undefined && known.knownUntil > this.now()) return known.address;
    const underWay = this.asked.get(name) ?? this.ask(name);
    this.asked.set(name, underWay);
    try {
      return await underWay;
    } finally {
      this.asked.delete(name);
    }
  }

  private async ask(name: string): Promise<string | null> {
    const ports = await this.portsOf(name);
    if (ports.length === 0) {
      this.forget(name);
      return null;
    }
    const named = this.names.get(name) ?? this.make();
    // Last in the map: the one that was asked for last.
    this.names.delete(name);
    this.names.set(name, named);
    for (const [port, server] of named.servers) {
      if (ports.includes(port)) continue;
      server.close();
      named.servers.delete(port);
    }
    const failures = await Promise.all(ports.map((port) => this.listen(name, named, port)));
    const failure = failures.find((found) => found !== null);
    if (failure !== undefined && named.servers.size === 0) throw failure;
    named.knownUntil = this.now() + KNOWN_MS;
    this.makeRoom();
    return named.address;
  }

  private make(): Named {
    this.given += 1;
    return { address: nthAddress(this.given), servers: new Map(), clients: new Set(), knownUntil: 0 };
  }

  private async listen(name: string, { address, servers, clients }: Named, port: number): Promise<Error | null> {
    if (servers.has(port)) return null;
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      clients.add(client);
      client.once('close', () => clients.delete(client));
      this.carry(client, name, port);
    });
    server.maxConnections = MOST_CONNECTIONS;
    return new Promise((resolve) => {
      server.once('error', (error) => {
        // Most of all: a program of the agent that listens on that port of all addresses.
        log(`port ${port} of ${name} cannot be offered at ${address}: ${error.message}`);
        resolve(error);
      });
      server.listen({ host: address, port, exclusive: true }, () => {
        servers.set(port, server);
        resolve(null);
      });
    });
  }

  private makeRoom(): void {
    for (const [name, { clients }] of this.names) {
      if (this.names.size <= MOST_NAMES) return;
      if (clients.size === 0) this.forget(name);
    }
  }

  /** What is open stays open; its end is Muster's to say. */
  private forget(name: string): void {
    for (const server of this.names.get(name)?.servers.values() ?? []) server.close();
    this.names.delete(name);
  }
}
