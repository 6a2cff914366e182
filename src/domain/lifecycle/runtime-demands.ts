import type { Fault } from '../errors/domain-error.js';
import type { RuntimeCapabilities } from '../runtime/container-runtime.js';
import { isCarried } from '../network/peer-name.js';
import type { Manifest } from '../templates/manifest.js';

type Demand = readonly [
  pointer: string,
  capability: keyof RuntimeCapabilities,
  isMade: (of: Manifest) => boolean,
  what: string,
];

/** What of a manifest needs more of a runtime than every one of them can do. */
const DEMANDS: readonly Demand[] = [
  ['/health/kind', 'exec', ({ health }) => health?.kind === 'command', 'run programs in agents'],
  ['/preStop', 'exec', ({ preStop }) => preStop !== undefined, 'run programs in agents'],
  [
    '/env',
    'secrets',
    // One that may be missing is left out there.
    ({ env = [] }) => env.some(({ secret, required }) => secret !== undefined && required !== false),
    'keep the values of secrets in memory alone',
  ],
  ['/mcp', 'exec', ({ mcp }) => mcp !== undefined, 'run programs in agents'],
  ['/ports', 'network', ({ ports = [] }) => ports.length > 0, 'give agents a network of their own'],
  ['/network', 'network', ({ network }) => isCarried(network), 'keep agents off the network'],
  [
    '/health/kind',
    'network',
    // Without a loopback of its own it would be the host's that is looked at.
    ({ health }) => health?.kind === 'http' || health?.kind === 'tcp',
    'give agents a network of their own',
  ],
];

/** What the manifest demands and a runtime with these capabilities cannot do. */
export function unmetDemands(manifest: Manifest, capabilities: RuntimeCapabilities): readonly Fault[] {
  return DEMANDS.filter(([, capability, isMade]) => !capabilities[capability] && isMade(manifest)).map(
    ([pointer, , , what]) => ({ pointer, detail: `needs a runtime that can ${what}` }),
  );
}
