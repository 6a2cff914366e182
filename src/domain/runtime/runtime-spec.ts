import type { AgentInstanceId, InstallationId, PoolMemberId, ProjectId, TenantId } from '../ids.js';
import type { StopSignal, WritablePath } from '../templates/manifest.js';
import type { SecretReference } from '../templates/secret-files.js';

/** Whose container it is. Becomes the labels io.muster.{installation,tenant,project,instance,replica,spec}. */
export interface ContainerOwner {
  readonly installation: InstallationId;
  readonly tenant: TenantId;
  readonly project: ProjectId;
  readonly instance: AgentInstanceId;
  readonly replica: number;
}

/**
 * A container that was prepared before anybody asked for it. Whose it became says the database: labels cannot change. Becomes
 * the labels io.muster.{installation,pool,spec}.
 */
export interface PoolOwner {
  readonly installation: InstallationId;
  readonly pool: PoolMemberId;
}

/** What Muster has for agents' own programs, as the seed has it there. */
export const AGENT_FOLDER = '/Agent';

export type Owner = ContainerOwner | PoolOwner;

export function isPoolOwner(owner: Owner | null): owner is PoolOwner {
  return owner !== null && 'pool' in owner;
}

/**
 * A second container, for an image without agent-server. It is the agent's side that Muster talks to: it owns the agent's
 * network namespace, which the image's container joins, and the private folder, and mounts the same workspace. It answers
 * health, files and prompts; exec, logs, stats and the pid are those of the image's container.
 */
export interface CompanionSpec {
  /** With agent-server; by digest or image id. */
  readonly image: string;
  readonly limits: RuntimeLimits;
}

/** Everything a container is made from. Two equal specs (but for names and folders) make equal containers. */
export interface RuntimeSpec<O extends Owner = ContainerOwner> {
  /** `muster_<project>_<identifier>_<hash8>`; exclusive on the engine. */
  readonly name: string;
  readonly owner: O;
  /** SHA-256, in hex, over the canonical JSON of the rest of the spec. */
  readonly specDigest: string;
  /** By digest or image id, as resolveImage gave it. */
  readonly image: string;
  /** The agent's private folder on Muster's host; agent.sock appears in it. */
  readonly privateFolder: string;
  /** The workspace folder on Muster's host. */
  readonly workspaceFolder: string;
  readonly limits: RuntimeLimits;
  /** The OCI runtime; one that the engine does not have is an error. */
  readonly isolation: 'runc' | 'gvisor';
  /** Between the stop signal and SIGKILL. */
  readonly gracePeriodSeconds: number;
  /** In place of the image's entrypoint; its arguments then fall away too. @default the image's */
  readonly command?: readonly string[];
  /** In place of the image's arguments. @default the image's */
  readonly args?: readonly string[];
  /** @default none beside the image's */
  readonly env?: Readonly<Record<string, string>>;
  /** @default SIGTERM */
  readonly stopSignal?: StopSignal;
  /** Folders of Muster's host beside the workspace. @default none */
  readonly mounts?: readonly FolderMount[];
  /** Gets Muster's folder for programs of agents as AGENT_FOLDER, read-only. @default the image's own */
  readonly agentFolder?: 'mounted';
  /** @default none: the image brings agent-server */
  readonly companion?: CompanionSpec;
  /** Programs in there are to ask agent-server for names, and it connects them where Muster allows. @default none: they know no names */
  readonly network?: 'carried';
  /** Folders in memory, empty at each start. @default none beside /tmp */
  readonly writablePaths?: readonly Required<WritablePath>[];
  /**
   * Which secrets it is given once it runs, as files in SECRETS_FOLDER: a folder in memory, empty at each start. Never what is in them.
   * @default none, and no such folder
   */
  readonly secrets?: readonly SecretReference[];
}

export interface FolderMount {
  /** On Muster's host, every link in it resolved. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** A folder of the agent's own, to be made where it is missing; any other has to be there. */
  readonly own: boolean;
}

export interface RuntimeLimits {
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly pids: number;
  readonly tmpfsMiB: number;
}
