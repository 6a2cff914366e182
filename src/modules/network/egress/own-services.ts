import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:net';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { DatabaseLocation } from '../../../domain/database-location.js';
import { Configuration } from '../../../platform/config/configuration.js';
import { HostNames } from './host-names.js';

const KNOWN_MS = 60_000;
const MONGODB_PORT = 27_017;
const ENGINE_PORT = 2375;

interface Service {
  readonly host: string;
  readonly port: number;
}

/**
 * What belongs to Muster: its API, its database, its engine. No agent reaches these through it, also where the operator lets agents reach the network
 * that they are in: what comes from Muster's host may be trusted there.
 */
@Injectable()
export class OwnServices {
  private readonly services: readonly Service[];
  /** Below it lie the hosts that a database's name stands for. */
  private readonly domain: string | null;
  private known: Promise<ReadonlySet<string>> = Promise.resolve(new Set());
  private knownUntil = -Infinity;

  constructor(
    private readonly http: HttpAdapterHost,
    private readonly names: HostNames,
    database: DatabaseLocation,
    { dockerHost = '' }: Configuration,
  ) {
    const [, scheme, list = ''] = /^(mongodb(?:\+srv)?):\/\/(?:[^@/]*@)?([^/?]*)/.exec(database.uri) ?? [];
    const databases = list.split(',').flatMap((text) => serviceOf(text, MONGODB_PORT));
    // RFC 2782 as MongoDB has it: the hosts lie in the domain of the name.
    this.domain = scheme === 'mongodb+srv' ? (databases[0]?.host.replace(/^[^.]*/, '') ?? null) : null;
    const engine = /^(?:tcp|https?):\/\/([^/]*)/.exec(dockerHost)?.[1];
    this.services = [...databases, ...(engine === undefined ? [] : serviceOf(engine, ENGINE_PORT))];
  }

  /** The addresses that this host itself has. */
  hostAddresses(): readonly string[] {
    return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address.toLowerCase()));
  }

  /** @param address one that `host` has */
  async isOwn(host: string, address: string, port: number): Promise<boolean> {
    if (this.domain !== null && `.${host}`.endsWith(this.domain)) return true;
    if (port === this.apiPort() && (isLoopback(address) || this.hostAddresses().includes(address))) return true;
    return (await this.addresses()).has(`${address} ${port}`);
  }

  private apiPort(): number | null {
    const listening = (this.http.httpAdapter.getHttpServer() as Server).address();
    return typeof listening === 'object' && listening !== null ? listening.port : null;
  }

  private async addresses(): Promise<ReadonlySet<string>> {
    if (performance.now() > this.knownUntil) {
      this.knownUntil = performance.now() + KNOWN_MS;
      this.known = this.find();
    }
    return this.known;
  }

  private async find(): Promise<ReadonlySet<string>> {
    const found = await Promise.all(
      this.services.map(async ({ host, port }) => {
        const addresses = isIP(host) === 0 ? await this.names.addressesOf(host) : [host];
        // One that listens on this host's loopback may listen on its other addresses too.
        const all = addresses.some(isLoopback) ? [...addresses, ...this.hostAddresses()] : addresses;
        return all.map((address) => `${address} ${port}`);
      }),
    );
    return new Set(found.flat());
  }
}

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** `host`, `host:port`, `[address]:port` */
function serviceOf(text: string, usualPort: number): readonly Service[] {
  const [, address, name, digits] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(decodeURIComponent(text)) ?? [];
  const host = (address ?? name ?? '').toLowerCase();
  return host === '' ? [] : [{ host, port: digits === undefined ? usualPort : Number(digits) }];
}
