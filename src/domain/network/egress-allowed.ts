import { DomainError } from '../errors/domain-error.js';
import type { Manifest } from '../templates/manifest.js';
import { covers, patternsOf, readBound, readPattern } from './destination.js';
import { allowedOutside } from './peer-name.js';

/**
 * What a manifest allows has to lie within what the operator allows.
 * @param bounds EGRESS_ALLOW
 * @throws DomainError EGRESS_REFUSED, naming all that does not
 */
export function assertEgressAllowed(manifest: Manifest, bounds: readonly string[]): void {
  const outer = patternsOf(bounds, readBound);
  const refused = allowedOutside(manifest).filter((text) => {
    const inner = readPattern(text);
    return 'fault' in inner || !outer.some((bound) => covers(bound, inner));
  });
  if (refused.length === 0) return;
  const which = bounds.length === 0 ? 'this Muster has none' : "it is not within this Muster's";
  throw new DomainError(
    'EGRESS_REFUSED',
    `The manifest's network.allow names ${refused.join(', ')}, which EGRESS_ALLOW has to allow: ${which}.`,
    { details: { refused } },
  );
}
