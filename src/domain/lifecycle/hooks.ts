import type { RuntimeSpec } from '../runtime/runtime-spec.js';
import type { ManifestHooks } from '../templates/manifest.js';
import { fileVariable } from '../templates/secret-files.js';

export type HookName = Exclude<keyof ManifestHooks, 'timeoutSeconds'>;

/** Those that run in a container, in their order. */
export const CONTAINER_HOOKS = ['preinstall', 'install', 'postinstall'] as const satisfies HookName[];

const CODE = '/code';

/**
 * The container that a hook runs in: as the agent's own, but for what it runs, and that it can write the folders that are
 * the agent's to keep. What is the operator's stays as the manifest has it.
 */
export function hookContainer(agent: RuntimeSpec, hook: HookName, command: string): RuntimeSpec {
  const spec = { ...agent };
  // Muster does not talk to it, and so nobody carries its connections.
  delete spec.companion;
  // So it has nothing to give it either.
  delete spec.secrets;
  delete spec.network;
  const ofSecrets = new Set((agent.secrets ?? []).map(({ variable }) => fileVariable(variable)));
  const env = Object.fromEntries(Object.entries(agent.env ?? {}).filter(([name]) => !ofSecrets.has(name)));
  const mounts = (spec.mounts ?? []).map((mount) => (mount.own ? { ...mount, readOnly: false } : mount));
  const folder = mounts.some(({ target }) => target === CODE) ? CODE : '/workspace';
  return {
    ...spec,
    name: `${spec.name}_${hook}`,
    // Never taken for the agent's own container.
    specDigest: `${hook}:${spec.specDigest}`,
    command: ['/bin/sh', '-c', 'cd "$0" && exec /bin/sh -c "$1"', folder, command],
    args: [],
    // A home for what installers keep, where the manifest names none.
    env: { HOME: '/tmp', ...env },
    ...(mounts.length === 0 ? {} : { mounts }),
    gracePeriodSeconds: 0,
  };
}
