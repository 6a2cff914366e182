import { isIP } from 'node:net';

/** A range of addresses, as a CIDR names it. */
export interface Network {
  readonly address: string;
  /** Bits that all of them have in common. */
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** `10.1.2.0/24`, or a single address; null when it is neither. */
export function readNetwork(cidr: string): Network | null {
  const [, address = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(cidr) ?? [];
  const version = isIP(address);
  if (version === 0) return null;
  const most = version === 4 ? 32 : 128;
  const prefix = digits === undefined ? most : Number(digits);
  return prefix <= most ? { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' } : null;
}
