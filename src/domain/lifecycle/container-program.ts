import { DomainError } from '../errors/domain-error.js';
import { exposedPorts } from '../network/peer-name.js';
import type { AgentServerIn } from '../runtime/container-runtime.js';
import type { RuntimeSpec } from '../runtime/runtime-spec.js';
import { WRITABLE_PATH_MIB } from '../templates/manifest-bounds.js';
import type { Manifest, ManifestVariable } from '../templates/manifest.js';
import { fileVariable, SECRETS_FOLDER, secretsOf, type SecretReference } from '../templates/secret-files.js';

/** Where the workspace is inside a container. */
export const WORKSPACE_FOLDER = '/workspace';

/** Whose program it is. */
export interface ProgramOwner {
  readonly id: string;
  readonly identifier: string;
  readonly projectSlug: string;
}

export type Program = Pick<RuntimeSpec, 'command' | 'args' | 'env' | 'stopSignal' | 'writablePaths' | 'secrets'>;

/** What it runs in. */
export interface ProgramPlace {
  /** @default 'none' */
  readonly agentServer?: AgentServerIn;
  /** @default false */
  readonly hasCompanion?: boolean;
}

/**
 * What an agent's container runs, with which variables and which secrets; `known` are the names of secrets that there are.
 *
 * Where the container runs agent-server and nothing else there are no variables: nothing in it reads them but what is started later, and
 * that is told them then. So its container is like any other's, and can be waiting for it.
 * @throws DomainError VARIABLE_MISSING, naming every one
 */
export function programOf(
  manifest: Manifest,
  owner: ProgramOwner,
  known: ReadonlySet<string> = new Set(),
  { agentServer = 'none', hasCompanion = false }: ProgramPlace = {},
): Program {
  const { command, args, stopSignal, writablePaths = [] } = manifest;
  const secrets = secretsOf(manifest)
    .filter(({ secret }) => known.has(secret))
    .map(({ variable, secret }) => ({ variable, secret }));
  assertComplete(manifest, secrets);
  const isTold = agentServer !== 'program' || command !== undefined || args !== undefined;
  const env = isTold ? environmentOf(manifest, owner, secrets, hasCompanion) : {};
  return {
    ...(command === undefined ? {} : { command }),
    ...(args === undefined ? {} : { args }),
    ...(Object.keys(env).length === 0 ? {} : { env }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(writablePaths.length === 0
      ? {}
      : { writablePaths: writablePaths.map(({ path, sizeMiB = WRITABLE_PATH_MIB.fallback }) => ({ path, sizeMiB })) }),
  };
}

/** Says the manifest anything of the program? Then the program is told who it is. */
const OF_A_PROGRAM = ['type', 'command', 'args', 'env', 'runMode', 'profile', 'hooks', 'repoName'] as const;

/** What the agent's programs are told, with where they find the secrets it was given. */
export function environmentOf(
  manifest: Manifest,
  owner: ProgramOwner,
  secrets: readonly Pick<SecretReference, 'variable'>[],
  hasCompanion: boolean,
): Readonly<Record<string, string>> {
  const own = Object.fromEntries(
    (manifest.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])),
  );
  const files = secrets.map(({ variable }) => [fileVariable(variable), `${SECRETS_FOLDER}/${variable}`] as const);
  const port = declaredPort(manifest);
  // An agent that is agent-server and nothing else is told who it is over its socket.
  const isTold = hasCompanion || port !== undefined || OF_A_PROGRAM.some((field) => manifest[field] !== undefined);
  if (!isTold) return own;
  return {
    // The manifest may know better.
    ...(port === undefined ? {} : { AGENT_PORT: String(port) }),
    ...own,
    ...Object.fromEntries(files),
    ...injectedVariables(manifest, owner),
  };
}

/** Where its program listens, as far as the manifest says. */
function declaredPort(manifest: Manifest): number | undefined {
  const { ports = [], health } = manifest;
  const asked = health?.kind === 'http' || health?.kind === 'tcp' ? health.port : undefined;
  return ports[0]?.containerPort ?? exposedPorts(manifest)[0] ?? asked;
}

/** @throws DomainError VARIABLE_MISSING */
function assertComplete({ env = [] }: Manifest, secrets: readonly SecretReference[]): void {
  const given = new Set(secrets.map(({ variable }) => variable));
  const missing = env.filter(
    ({ name, value, secret, required = secret !== undefined }) => value === undefined && required && !given.has(name),
  );
  if (missing.length > 0) throw variablesMissing(missing);
}

/** Names every one. */
export function variablesMissing(missing: readonly Pick<ManifestVariable, 'name' | 'secret'>[]): DomainError {
  const names = missing.map(
    ({ name, secret }) => `${name} (${secret === undefined ? `no secret ${name} either` : `secret ${secret}`})`,
  );
  return new DomainError('VARIABLE_MISSING', `Required and without a value: ${names.join(', ')}.`, {
    details: { variables: missing.map(({ name }) => name) },
  });
}

/** Muster's own names, and those that seed manifests read where they have a meaning here. */
function injectedVariables(
  { type = 'agent', profile = 'prod', repoName }: Manifest,
  { id, identifier, projectSlug }: ProgramOwner,
): Readonly<Record<string, string>> {
  return {
    MUSTER_AGENT_ID: id,
    MUSTER_AGENT_NAME: identifier,
    MUSTER_AGENT_TYPE: type,
    MUSTER_PROJECT_NAME: projectSlug,
    MUSTER_PROFILE: profile,
    PLOINKY_AGENT_NAME: identifier,
    PLOINKY_REPO_NAME: repoName ?? projectSlug,
    PLOINKY_PROFILE: profile,
    WORKSPACE_PATH: WORKSPACE_FOLDER,
  };
}
