import type { Manifest, ManifestNetwork } from '../templates/manifest.js';

/**
 * What may stand after an agent's identifier, for programs that take no name without a dot: nobody outside has names that end so,
 * for it is kept for private use.
 */
const PRIVATE = '.internal';
/** No part of a name is longer (RFC 1035). */
const LONGEST_LABEL = 63;

/** The identifier of an agent, when it could be one that is asked for; else null. */
export function identifierIn(name: string): string | null {
  const identifier = name.endsWith(PRIVATE) ? name.slice(0, -PRIVATE.length) : name;
  return identifier !== '' && identifier.length <= LONGEST_LABEL && !identifier.includes('.') ? identifier : null;
}

/** The ports of an agent that others of its project reach. */
export const exposedPorts = ({ network }: Pick<Manifest, 'network'>): readonly number[] =>
  network?.mode === 'project' ? (network.expose ?? []) : [];

/** The hosts outside that an agent may reach. */
export const allowedOutside = ({ network }: Pick<Manifest, 'network'>): readonly string[] =>
  network === undefined || network.mode === 'none' ? [] : (network.allow ?? []);

/** Does Muster carry connections that the agent makes? */
export const isCarried = (network: ManifestNetwork | undefined): boolean =>
  network !== undefined && network.mode !== 'none';
