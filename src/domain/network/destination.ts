/** A port of a host, as a program in an agent names it. */
export interface Destination {
  /** In lower case. */
  readonly host: string;
  readonly port: number;
}

/** Hosts and a port, as a list of allowed ones has it: `registry.example.org:443`, `*.example.org:443`. */
export interface DestinationPattern {
  readonly name: string;
  /** All hosts below that name, at any depth; not the name itself. Below the empty name is every host. */
  readonly below: boolean;
  /** null: every port. */
  readonly port: number | null;
}

const LAST_PORT = 65_535;
const LONGEST_NAME = 253;
const NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const ENTRY = /^(\*\.)?(.+):(\d{1,5})$/;
/** The last part of a name is never a number: then it is read as an address. */
const ADDRESS = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/;

/** Every host and port. */
const EVERYTHING: DestinationPattern = { name: '', below: true, port: null };

/** @returns the pattern, or what is wrong with it */
export function readPattern(text: string): DestinationPattern | { readonly fault: string } {
  const [, wildcard, given = '', digits = ''] = ENTRY.exec(text) ?? [];
  const name = given.toLowerCase();
  const port = Number(digits);
  if (!isHostName(name)) return { fault: 'must be a host and a port, as in registry.example.org:443' };
  if (port < 1 || port > LAST_PORT) return { fault: `has a port that is not between 1 and ${LAST_PORT}` };
  if (ADDRESS.test(name)) return { fault: 'is an address: programs in a container reach hosts by their names alone' };
  if (name === 'localhost' || name.endsWith('.localhost')) return { fault: "is the container's own loopback" };
  return { name, below: wildcard !== undefined, port };
}

/** As readPattern, for an operator: `*` is everything, and `*:443` that port of every host. */
export function readBound(text: string): DestinationPattern | { readonly fault: string } {
  if (text === '*') return EVERYTHING;
  const [, digits] = /^\*:(\d{1,5})$/.exec(text) ?? [];
  if (digits === undefined) return readPattern(text);
  const port = Number(digits);
  return port >= 1 && port <= LAST_PORT ? { ...EVERYTHING, port } : { fault: 'has no port' };
}

/** Those that can be read. What cannot be was refused where it was written. */
export function patternsOf(
  texts: readonly string[],
  read: (text: string) => DestinationPattern | { readonly fault: string } = readPattern,
): readonly DestinationPattern[] {
  return texts.flatMap((text) => {
    const pattern = read(text);
    return 'fault' in pattern ? [] : [pattern];
  });
}

/** Could it be the name of a host? In lower case, without a dot at its end. */
export const isHostName = (name: string): boolean => name.length <= LONGEST_NAME && NAME.test(name);

export const matchesHost = ({ name, below }: DestinationPattern, host: string): boolean =>
  below ? isBelowName(host, name) : host === name;

export const matches = (pattern: DestinationPattern, { host, port }: Destination): boolean =>
  (pattern.port === null || pattern.port === port) && matchesHost(pattern, host);

/** Is all that the inner one allows allowed by the outer one too? */
export function covers(outer: DestinationPattern, inner: DestinationPattern): boolean {
  if (outer.port !== null && outer.port !== inner.port) return false;
  if (!inner.below) return matchesHost(outer, inner.name);
  return outer.below && (inner.name === outer.name || isBelowName(inner.name, outer.name));
}

const isBelowName = (host: string, name: string): boolean => name === '' || host.endsWith(`.${name}`);
