import type { AgentConnection, AgentHealth } from './agent-connection.js';
import type { ContainerStats } from './container-stats.js';
import type { ExecSession, ExecSpec } from './exec-session.js';
import type { InstallationId } from '../ids.js';
import type { ContainerOwner, Owner, RuntimeSpec } from './runtime-spec.js';

/** What an adapter can do. Asking for the rest is RUNTIME_UNSUPPORTED. The contract suite tests what is declared. */
export interface RuntimeCapabilities {
  /** Is it a boundary against hostile code? */
  readonly isolation: boolean;
  /** Are cpus, memoryMiB, pids and tmpfsMiB enforced? */
  readonly limits: boolean;
  /** Is the agent kept off the network? */
  readonly network: boolean;
  readonly pause: boolean;
  /** Can an agent bring an image of its own? */
  readonly images: boolean;
  /** Can more programs be started beside the agent's own? */
  readonly exec: boolean;
  /** Can it be told what an agent uses? */
  readonly stats: boolean;
  /** Can a container's own file system be kept as an image? */
  readonly commit: boolean;
  /** Can it keep secrets in memory, where nobody but the agent reads them? */
  readonly secrets: boolean;
}

/** Something that is done less well than it is described here, and that Muster cannot make up for. All else holds. */
export interface Shortcoming {
  readonly feature:
    'log-times' | 'terminal-size' | 'measures' | 'registry-digests' | 'no-new-privileges' | 'process-counts';
  /** Under that OCI runtime alone. @default under each */
  readonly isolation?: RuntimeSpec['isolation'];
  /** What is noticed of it: a sentence for an operator. */
  readonly effect: string;
}

export interface RuntimeInfo {
  readonly name: string;
  readonly version: string;
  /** The OCI runtimes that can be asked for. */
  readonly isolations: readonly string[];
  readonly shortcomings: readonly Shortcoming[];
}

/** `dead` is what an engine could not remove or start any more. */
export type ContainerState = 'created' | 'running' | 'paused' | 'exited' | 'dead';

/** The container that answers for one whose image has no agent-server: see CompanionSpec. */
export interface CompanionObservation {
  readonly id: string;
  /** missing: somebody took it away. */
  readonly state: ContainerState | 'missing';
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
}

/** What a container runs, the image's own parts included. */
export interface ContainerProgram {
  readonly command: readonly string[];
  /** The folder it begins in: absolute, in the container. */
  readonly cwd: string;
}

/** A container as the engine shows it now. */
export interface ContainerObservation {
  readonly id: string;
  readonly name: string;
  /** null when the labels are not Muster's. */
  readonly owner: Owner | null;
  readonly specDigest: string | null;
  readonly state: ContainerState;
  /** Main process id on the engine's host while running. */
  readonly pid: number | null;
  readonly startedAt: Date | null;
  readonly exitCode: number | null;
  /** When it ended, by the engine's clock; null while it runs, and where the engine does not know. */
  readonly finishedAt: Date | null;
  readonly oomKilled: boolean;
  /** Has somebody given it other limits than it was made with? Not looked at in a list. @default false */
  readonly isAltered?: boolean;
  /** null where it is not looked at: in a list, and by adapters that have no exec. @default null */
  readonly program?: ContainerProgram | null;
  /** @default null: it was made without one */
  readonly companion?: CompanionObservation | null;
}

export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  readonly at: Date;
  readonly text: string;
}

export interface LogQuery {
  /** The newest lines to begin with; all when not given. */
  readonly tail?: number;
  readonly since?: Date;
  /** Go on with what comes until the signal ends it or the container is gone. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

export interface RuntimeEvent {
  readonly kind: 'started' | 'exited' | 'paused' | 'unpaused' | 'removed' | 'oom' | 'changed';
  readonly containerId: string;
  readonly owner: Owner;
}

/** What is needed to reach the agent in a container. */
export interface ContainerAddress {
  readonly id: string;
  /** The folder it was created with. */
  readonly privateFolder: string;
  /** What programs that are started in it are told beside the container's own environment. @default nothing */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Whether an image brings agent-server. `program`: and runs that, and nothing else, so that of the container's environment nothing is read but by
 * what is started in it later. `beside`: its own program is another, which may start it. `none`: it needs a companion.
 */
export type AgentServerIn = 'program' | 'beside' | 'none';

/** An image that the engine has. */
export interface FoundImage {
  /** The engine's own, immutable. */
  readonly id: string;
  /** By which its registry has it, in the repository that it was asked for by. null: the engine knows of none. */
  readonly digest: string | null;
}

export interface CommitRequest {
  /** `name:tag` */
  readonly reference: string;
  /** The container's. */
  readonly owner: ContainerOwner;
}

export interface ReachableAgent {
  readonly connection: AgentConnection;
  /** Its first answer. */
  readonly health: AgentHealth;
}

export interface Answered<T> {
  readonly connection: AgentConnection;
  readonly answer: T;
}

/**
 * Where agents run. Every method may throw a RuntimeError (told by its kind, never by message text). Methods are safe
 * to repeat: starting what runs, stopping what stands and removing what is gone succeed.
 */
export abstract class ContainerRuntime {
  abstract readonly name: 'docker' | 'process';
  abstract readonly capabilities: RuntimeCapabilities;
  /** What an operator has to know before using it, to be shown when Muster starts; null when there is nothing. */
  abstract readonly warning: string | null;

  /** @throws RuntimeError unavailable */
  abstract info(): Promise<RuntimeInfo>;
  /** The immutable id of an image, pulled if need be. @throws RuntimeError image-missing */
  abstract resolveImage(reference: string): Promise<string>;
  /** What the engine has under that name now; nothing is pulled. null: nothing, or the runtime has no images. @throws RuntimeError */
  abstract findImage(reference: string): Promise<FoundImage | null>;
  /**
   * The digest under which its registry has an image now; nothing is pulled.
   * @throws RuntimeError image-missing when the registry has none, cannot be reached, or is not asked for this one; unsupported
   */
  abstract registryDigest(reference: string): Promise<string>;
  /** Of an image as resolveImage gave it. @throws RuntimeError image-missing */
  abstract agentServerIn(image: string): Promise<AgentServerIn>;
  /**
   * Makes the container, with its companion when the spec has one, and starts nothing. Exclusive by name. Makes the private and the workspace folder where they are
   * missing, owned by the user the agent runs as; the folders above them have to be where no agent can write.
   * @returns the container's id
   * @throws RuntimeError name-conflict when the name is in use: look at it, and adopt it if it is yours
   * @throws RuntimeError image-missing when the image is gone: resolve it again
   * @throws RuntimeError unsupported, disk-full, create-failed
   */
  abstract create(spec: RuntimeSpec<Owner>): Promise<string>;
  /**
   * May the folders of a running container be renamed on Muster's host, so that the container keeps them and is reached at
   * their new place? It must not be started again then: the folders it was made with are gone. @throws RuntimeError
   */
  abstract canHandOver(): Promise<boolean>;
  /** Are the folders of a specification those of Muster's own host, so that another container can have the same? @throws RuntimeError */
  abstract sharesFolders(): Promise<boolean>;
  /**
   * Keeps the file system of a container as an image of that name, labelled with the owner's installation: what its own image
   * has, for its root is read-only; folders of the host and in memory are no part of it. Nothing else of the container is kept: no
   * variables, for their values can be secrets. Doing it again moves the name.
   * @returns the image's immutable id
   * @throws RuntimeError not-found, unsupported, disk-full
   */
  abstract commit(id: string, image: CommitRequest): Promise<string>;
  /** Takes the name away, and the image with it when nothing else needs it. One that is not there is fine. @throws RuntimeError */
  abstract removeImage(reference: string): Promise<void>;
  /**
   * The container's companion alone, so that something can be given to it before the program starts.
   * @returns its id, by which it is reached; null when the container has none
   * @throws RuntimeError not-found, start-failed
   */
  abstract startCompanion(id: string): Promise<string | null>;
  /** With its companion, which is started first. @throws RuntimeError not-found, start-failed */
  abstract start(id: string): Promise<void>;
  /** Ends the main process, paused or not: SIGTERM, then after the grace period SIGKILL; then its companion. @throws RuntimeError stop-failed */
  abstract stop(id: string, gracePeriodSeconds: number): Promise<void>;
  /** @throws RuntimeError not-found, refused when it does not run */
  abstract pause(id: string): Promise<void>;
  /** @throws RuntimeError not-found, refused when it does not run */
  abstract unpause(id: string): Promise<void>;
  /** Gives it the limits again that it was made with, while it runs. @throws RuntimeError not-found, refused */
  abstract restoreLimits(id: string): Promise<void>;
  /** Removes it in whatever state it is, and its companion; one that is not there is fine. @throws RuntimeError remove-failed */
  abstract remove(id: string): Promise<void>;
  /** null when there is no such container. */
  abstract inspect(idOrName: string): Promise<ContainerObservation | null>;
  /** Every container of this installation, in any state; a companion by itself only when its container is gone. */
  abstract list(installation: InstallationId): Promise<readonly ContainerObservation[]>;
  /** Its output, oldest first, each line at most 64 KiB (longer ones come in pieces). @throws RuntimeError not-found */
  abstract logs(id: string, query: LogQuery): AsyncIterable<LogLine>;
  /**
   * What happens to this installation's containers from the moment of the call, until the signal ends it. One event may come
   * twice; one that both came and went between two looks may not come at all: state is the truth, events say when to look.
   * @throws RuntimeError unavailable, when the engine goes away
   */
  abstract events(installation: InstallationId, signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  /**
   * Starts a program beside the agent's own, by the container's /bin/sh. What it has started and left in its session
   * ends with it.
   * @throws RuntimeError not-found when the container is gone or does not run, unsupported
   */
  abstract exec(container: ContainerAddress, spec: ExecSpec): Promise<ExecSession>;
  /**
   * Ends every process of an exec: itself, what it started, and what these started, also in process groups and sessions of
   * their own. SIGTERM and SIGHUP, then after a second SIGKILL. Done when none is left, or the container does not run.
   * @throws RuntimeError stop-failed when some are left, unsupported
   */
  abstract endExec(id: string, execId: string): Promise<void>;
  /**
   * What the container uses: now, and then each second until the signal ends it or the container does not run.
   * @throws RuntimeError not-found, unsupported
   */
  abstract stats(id: string, signal: AbortSignal): AsyncIterable<ContainerStats>;
  /**
   * Opens a connection to the agent-server inside a running container. Does not wait for it to be ready.
   * @throws AgentUnreachableError when nothing answers yet, AgentSocketUnsafeError when agent.sock is not a socket
   */
  abstract connect(container: ContainerAddress): Promise<AgentConnection>;
  /**
   * Waits until the agent-server of a started container answers what `ask` asks of it, and notices at once. It is asked again
   * for as long as it says AgentUnreachableError; anything else that it throws ends the waiting.
   * @throws ContainerExitedError when the container ends before, AgentSocketUnsafeError, the signal's reason when it is aborted
   */
  abstract waitForAnswer<T>(
    container: ContainerAddress,
    signal: AbortSignal,
    ask: (connection: AgentConnection) => Promise<T>,
  ): Promise<Answered<T>>;

  /** Waits until the agent-server of a started container answers health; otherwise as `waitForAnswer`. */
  async waitUntilReachable(container: ContainerAddress, signal: AbortSignal): Promise<ReachableAgent> {
    const asked = await this.waitForAnswer(container, signal, (connection) => connection.health());
    return { connection: asked.connection, health: asked.answer };
  }
}
