import type { AgentInstanceId, InstallationId, ProjectId, TenantId } from '../ids.js';

/** Whose container it is. Becomes the labels io.muster.{installation,tenant,project,instance,replica,spec}. */
export interface ContainerOwner {
  readonly installation: InstallationId;
  readonly tenant: TenantId;
  readonly project: ProjectId;
  readonly instance: AgentInstanceId;
  readonly replica: number;
}

/** Everything a container is made from. Two equal specs (but for names and folders) make equal containers. */
export interface RuntimeSpec {
  /** `muster_<project>_<identifier>_<hash8>`; exclusive on the engine. */
  readonly name: string;
  readonly owner: ContainerOwner;
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
  /** Between SIGTERM and SIGKILL. */
  readonly gracePeriodSeconds: number;
}

export interface RuntimeLimits {
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly pids: number;
  readonly tmpfsMiB: number;
}
