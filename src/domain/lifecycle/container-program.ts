import { DomainError } from '../errors/domain-error.js';
import type { RuntimeSpec } from '../runtime/runtime-spec.js';
import { WRITABLE_PATH_MIB } from '../templates/manifest-bounds.js';
import type { Manifest } from '../templates/manifest.js';

/** Where the workspace is inside a container. */
export const WORKSPACE_FOLDER = '/workspace';

/** Whose program it is. */
export interface ProgramOwner {
  readonly id: string;
  readonly identifier: string;
  readonly projectSlug: string;
}

export type Program = Pick<RuntimeSpec, 'command' | 'args' | 'env' | 'stopSignal' | 'writablePaths'>;

/** What an agent's container runs, with which variables. @throws DomainError VARIABLE_MISSING, naming every one */
export function programOf(manifest: Manifest, owner: ProgramOwner): Program {
  const { command, args, stopSignal, writablePaths = [] } = manifest;
  const env = environmentOf(manifest, owner);
  return {
    ...(command === undefined ? {} : { command }),
    ...(args === undefined ? {} : { args }),
    ...(Object.keys(env).length === 0 ? {} : { env }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(writablePaths.length === 0
      ? {}
      : { writablePaths: writablePaths.map(({ path, sizeMiB = WRITABLE_PATH_MIB.fallback }) => ({ path, sizeMiB })) }),
  };
}

/** Says the manifest anything of the program? Then the program is told who it is. */
const OF_A_PROGRAM = ['type', 'command', 'args', 'env', 'runMode', 'profile', 'hooks'] as const;

function environmentOf(manifest: Manifest, owner: ProgramOwner): Readonly<Record<string, string>> {
  const own = Object.fromEntries(
    (manifest.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])),
  );
  const missing = (manifest.env ?? []).filter(
    ({ value, secret, required = secret !== undefined }) => value === undefined && required,
  );
  if (missing.length > 0) {
    const names = missing.map(({ name, secret }) => (secret === undefined ? name : `${name} (secret ${secret})`));
    throw new DomainError('VARIABLE_MISSING', `Required and without a value: ${names.join(', ')}.`, {
      details: { variables: missing.map(({ name }) => name) },
    });
  }
  // An agent that is agent-server and nothing else is told who it is over its socket.
  const isTold = OF_A_PROGRAM.some((field) => manifest[field] !== undefined);
  return isTold ? { ...own, ...injectedVariables(manifest, owner) } : own;
}

/** Muster's own names, and those that seed manifests read where they have a meaning here. */
function injectedVariables(
  { type = 'agent', profile = 'prod' }: Manifest,
  { id, identifier, projectSlug }: ProgramOwner,
): Readonly<Record<string, string>> {
  return {
    MUSTER_AGENT_ID: id,
    MUSTER_AGENT_NAME: identifier,
    MUSTER_AGENT_TYPE: type,
    MUSTER_PROJECT_NAME: projectSlug,
    MUSTER_PROFILE: profile,
    PLOINKY_AGENT_NAME: identifier,
    PLOINKY_REPO_NAME: projectSlug,
    PLOINKY_PROFILE: profile,
    WORKSPACE_PATH: WORKSPACE_FOLDER,
  };
}
