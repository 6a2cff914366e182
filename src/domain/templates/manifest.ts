/** What the agent is for. It says how an agent is used; what its container is made of is said by the other fields. */
export const AGENT_TYPES = ['agent', 'service', 'cli', 'devenv'] as const;
export type AgentType = (typeof AGENT_TYPES)[number];

export const RUN_MODES = ['isolated', 'global', 'devel'] as const;
/** Where /workspace and /code come from: see Manifest.runMode. */
export type RunMode = (typeof RUN_MODES)[number];

export const PROFILES = ['dev', 'qa', 'prod'] as const;
/** Whether what an agent runs can be changed by it: see Manifest.profile. */
export type Profile = (typeof PROFILES)[number];

export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

export const ISOLATIONS = ['runc', 'gvisor'] as const;
export type Isolation = (typeof ISOLATIONS)[number];

/** An environment variable of the agent's own. */
export interface ManifestVariable {
  readonly name: string;
  readonly value?: string;
  /**
   * Without a value, which the secret of the same name can be, the agent is not started. @default true where `secret` is given, else false
   */
  readonly required?: boolean;
  /** The name of a secret that holds the value, instead of `value`: the program finds it in a file (see secret-files.ts). */
  readonly secret?: string;
}

export interface ManifestPort {
  readonly containerPort: number;
  /** @default a free one */
  readonly hostPort?: number;
  /** @default 127.0.0.1 */
  readonly hostIp?: string;
  /** @default tcp */
  readonly protocol?: 'tcp' | 'udp';
}

export interface ManifestResources {
  /** CPUs, fractions allowed. */
  readonly cpus?: number;
  readonly memoryMiB?: number;
  /** Most processes and threads at once. */
  readonly pids?: number;
  /** Size of /tmp. */
  readonly tmpfsMiB?: number;
}

export type ManifestNetwork =
  /** None at all. */
  | { readonly mode: 'none' }
  /**
   * The agents of the same project whose mode is `project` too, by their identifiers, at the ports that they expose; and hosts outside, where it
   * names some.
   */
  | {
      readonly mode: 'project';
      /** Ports at which others of the project reach this one. @default none */
      readonly expose?: readonly number[];
      /** As in mode egress. @default none */
      readonly allow?: readonly string[];
    }
  /** Those hosts and ports outside, and nothing else: `registry.example.org:443`, `*.example.org:443`. */
  | { readonly mode: 'egress'; readonly allow: readonly string[] };

/** A folder of the operator's host. */
export interface ManifestMount {
  /** Absolute, below one of the operator's HOST_MOUNT_ROOTS. */
  readonly source: string;
  /** Absolute, inside the container. */
  readonly target: string;
  /** @default true, but for /code and /code/.AchillesSkills in profile dev */
  readonly readOnly?: boolean;
}

/** A folder in memory that the agent can write, empty at each start. */
export interface WritablePath {
  readonly path: string;
  /** @default 64 */
  readonly sizeMiB?: number;
}

/** Commands for a shell (`sh -c`), run once for each new container, in this order. The seed's names. */
export interface ManifestHooks {
  readonly preinstall?: string;
  readonly install?: string;
  readonly postinstall?: string;
  /** On Muster's host, once the container is created: only a command that the operator allow-listed to the letter. */
  readonly hosthook_aftercreation?: string;
  /** On Muster's host, after postinstall: only a command that the operator allow-listed to the letter. */
  readonly hosthook_postinstall?: string;
  /** For each of them. @default 300 */
  readonly timeoutSeconds?: number;
}

/** How often health is asked for, and what follows. */
export interface HealthTiming {
  /** @default 10 */
  readonly intervalSeconds?: number;
  /** @default 3 */
  readonly timeoutSeconds?: number;
  /** So many failures in a row make it unhealthy. @default 3 */
  readonly retries?: number;
  /** Failures within this time after the start do not count. @default 0 */
  readonly startPeriodSeconds?: number;
}

export type HealthProbe =
  /** agent-server's own answer. */
  | { readonly kind: 'agent' }
  /** A GET on the container's loopback that answers with 2xx or 3xx. */
  | { readonly kind: 'http'; readonly port: number; /** @default / */ readonly path?: string }
  /** A connection to the container's loopback. */
  | { readonly kind: 'tcp'; readonly port: number }
  /** A program in the container that ends with exit code 0. */
  | { readonly kind: 'command'; readonly command: readonly string[] };

export type ManifestHealth = HealthProbe & HealthTiming;

/** A program in the container, run before it is told to end. */
export interface PreStop {
  readonly command: readonly string[];
  /** @default 10 */
  readonly timeoutSeconds?: number;
}

/** The MCP server that an agent offers: a program that speaks MCP over its standard input and output. */
export interface ManifestMcp {
  /** @default the container's own program, where the image has no agent-server */
  readonly command?: readonly string[];
}

/** How the agent's container is to be. Every field has a default. MANIFEST_SCHEMA says it for people and programs. */
export interface Manifest {
  /** @default agent */
  readonly type?: AgentType;
  /** Image reference; the configured agent image when not given. */
  readonly image?: string;
  /** In place of the image's entrypoint. */
  readonly command?: readonly string[];
  /** In place of the image's own arguments. */
  readonly args?: readonly string[];
  /** The repository that the manifest comes from, as the seed knows them; told to its program. @default the project's slug */
  readonly repoName?: string;
  readonly env?: readonly ManifestVariable[];
  readonly ports?: readonly ManifestPort[];
  readonly resources?: ManifestResources;
  /** The OCI runtime: runc, or gVisor's runsc where the operator installed it. */
  readonly isolation?: Isolation;
  /** @default {mode: none} */
  readonly network?: ManifestNetwork;
  /**
   * isolated: /workspace and /code are folders of the agent's own. global: /workspace is `hostPath`, as a working
   * directory that several share. devel: /code is `hostPath`, a checkout under development. Not given: no /code.
   */
  readonly runMode?: RunMode;
  /** A folder of the operator's host, for runMode global and devel; below one of HOST_MOUNT_ROOTS. */
  readonly hostPath?: string;
  /** dev: /code and /code/.AchillesSkills can be written. qa, prod: they are read-only. @default prod */
  readonly profile?: Profile;
  readonly mounts?: readonly ManifestMount[];
  readonly writablePaths?: readonly WritablePath[];
  readonly hooks?: ManifestHooks;
  /** @default {kind: agent} */
  readonly health?: ManifestHealth;
  /** Stopped when unused for so long, and started again when it is used. @default never */
  readonly idleTimeoutSeconds?: number;
  /** Destroyed so long after it was made, unless renewed. @default never */
  readonly ttlSeconds?: number;
  /** @default SIGTERM */
  readonly stopSignal?: StopSignal;
  /** How long it may take to end after the stop signal. */
  readonly gracePeriodSeconds?: number;
  /** How long the agent may take to become healthy. */
  readonly startTimeoutSeconds?: number;
  readonly preStop?: PreStop;
  readonly mcp?: ManifestMcp;
}
