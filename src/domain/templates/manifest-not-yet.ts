import type { Fault } from '../errors/domain-error.js';
import type { Manifest } from './manifest.js';

type FieldCheck = (manifest: Manifest) => boolean;

/**
 * What the schema knows and this Muster does not act on: refused, never ignored. Whoever makes a field work takes its
 * line out.
 */
const NOT_YET: readonly (readonly [pointer: string, is: FieldCheck, what: string])[] = [
  ['/ports', ({ ports = [] }) => ports.some(({ protocol }) => protocol === 'udp'), 'a port of protocol udp'],
];

export function manifestGaps(manifest: Manifest): readonly Fault[] {
  return NOT_YET.filter(([, is]) => is(manifest)).map(([pointer, , what]) => ({
    pointer,
    detail: `${what} is part of the manifest, but this Muster does not act on it yet: leave it out`,
  }));
}
