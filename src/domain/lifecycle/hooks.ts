import type { CompanionSpec, RuntimeSpec } from '../runtime/runtime-spec.js';
import type { ManifestHooks } from '../templates/manifest.js';
import { fileVariable } from '../templates/secret-files.js';

export type HookName = Exclude<keyof ManifestHooks, 'timeoutSeconds'>;

/** Those that run in a container, in their order. */
export const CONTAINER_HOOKS = ['preinstall', 'install', 'postinstall'] as const satisfies HookName[];

const CODE = '/code';

/** What is made for hooks that have secrets or a network. */
export interface HookCompanion {
  readonly spec: CompanionSpec;
  /** Where its socket is: never where the agent's is. */
  readonly privateFolder: string;
}

/**
 * Do the hooks of such an agent get what it gets? Then they need a companion to get it by, whatever their image: what runs in the hook's
 * own container is the hook. Under gVisor two containers share neither memory nor a network, and they get neither.
 */
export const needsCompany = ({ isolation, secrets, network }: RuntimeSpec): boolean =>
  isolation !== 'gvisor' && (secrets !== undefined || network !== undefined);

/**
 * The container that a hook runs in: as the agent's own, but for what it runs, and that it can write the folders that are
 * the agent's to keep. What is the operator's stays as the manifest has it.
 * @param companion null: it gets neither secrets nor a network
 */
export function hookContainer(
  agent: RuntimeSpec,
  hook: HookName,
  command: string,
  companion: HookCompanion | null,
): RuntimeSpec {
  const spec = companion === null ? alone(agent) : { ...agent, ...accompanied(companion) };
  const { env } = spec;
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

const accompanied = ({ spec: companion, privateFolder }: HookCompanion): Partial<RuntimeSpec> => ({
  companion,
  privateFolder,
});

/** Muster does not talk to it: so it has nothing to give it, and nobody carries its connections. */
function alone(agent: RuntimeSpec): RuntimeSpec {
  const spec = { ...agent };
  delete spec.companion;
  delete spec.secrets;
  delete spec.network;
  const ofSecrets = new Set((agent.secrets ?? []).map(({ variable }) => fileVariable(variable)));
  const env = Object.fromEntries(Object.entries(agent.env ?? {}).filter(([name]) => !ofSecrets.has(name)));
  return { ...spec, env };
}
