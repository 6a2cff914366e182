import { Injectable } from '@nestjs/common';
import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { Configuration } from '../../../platform/config/configuration.js';

const HOSTS_FILE = '/etc/hosts';
const HOSTS_KNOWN_MS = 5_000;
const TRY_MS = 2_000;
const TRIES = 2;
const MOST_ADDRESSES = 16;

/** What the addresses of a host are, as this host finds them out. */
export abstract class HostNames {
  /** IPv4 first. None: nobody knows the name, or nobody who knows it answers. */
  abstract addressesOf(host: string): Promise<readonly string[]>;
}

/**
 * Asks name servers itself rather than by the system's resolver, which keeps a thread of the few that Node has for each question: an agent that asks
 * for names whose servers never answer would stop all that Muster does with files.
 */
@Injectable()
export class SystemHostNames extends HostNames {
  private readonly resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
  private readonly hasOwnServers: boolean;
  private hosts: Promise<ReadonlyMap<string, readonly string[]>> = Promise.resolve(new Map());
  private hostsReadAt = -Infinity;

  constructor({ egress: { nameServers } }: Configuration) {
    super();
    this.hasOwnServers = nameServers.length > 0;
    if (this.hasOwnServers) this.resolver.setServers(nameServers);
  }

  async addressesOf(host: string): Promise<readonly string[]> {
    const known = this.hasOwnServers ? undefined : (await this.hostsFile()).get(host);
    if (known !== undefined) return known;
    const answers = await Promise.all([
      this.resolver.resolve4(host).catch(() => []),
      this.resolver.resolve6(host).catch(() => []),
    ]);
    return answers.flat().slice(0, MOST_ADDRESSES);
  }

  private async hostsFile(): Promise<ReadonlyMap<string, readonly string[]>> {
    if (performance.now() - this.hostsReadAt > HOSTS_KNOWN_MS) {
      this.hostsReadAt = performance.now();
      this.hosts = readFile(HOSTS_FILE, 'utf8').then(readHosts, () => new Map<string, readonly string[]>());
    }
    return this.hosts;
  }
}

/** hosts(5): an address, and the names that it has. */
export function readHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const all = found.get(name.toLowerCase()) ?? [];
      found.set(name.toLowerCase(), isIP(address) === 4 ? [address, ...all] : [...all, address]);
    }
  }
  return found;
}
