import type { InstallationId } from '../../domain/ids.js';
import type { AgentConnection } from '../../domain/runtime/agent-connection.js';
import {
  ContainerRuntime,
  type Answered,
  type AgentServerIn,
  type ContainerAddress,
  type CommitRequest,
  type ContainerObservation,
  type FoundImage,
  type LogLine,
  type LogQuery,
  type RuntimeEvent,
  type RuntimeInfo,
} from '../../domain/runtime/container-runtime.js';
import type { ContainerStats } from '../../domain/runtime/container-stats.js';
import type { ExecSession, ExecSpec } from '../../domain/runtime/exec-session.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { Owner, RuntimeSpec } from '../../domain/runtime/runtime-spec.js';
import { agentUid } from '../agent/agent-folders.js';
import { waitForAnswer } from '../agent/wait-for-answer.js';
import { AgentFolder } from './agent-folder.js';
import { AgentTransport } from './agent-transport.js';
import { Companions } from './companions.js';
import { ContainerCreation } from './container-creation.js';
import { INSTALLATION_LABEL } from './container-labels.js';
import { toObservation } from './container-observation.js';
import type { DockerRuntimeOptions } from './docker-options.js';
import { DEFAULT_ENGINE_HOST, parseEngineHost } from './engine-address.js';
import { EngineClient, STARTING } from './engine-client.js';
import { ignoring } from './engine-error.js';
import { commitContainer, removeCommitted } from './engine-commit.js';
import { readEngineEvents } from './engine-events.js';
import { endEngineExec, startEngineExec } from './engine-exec.js';
import { execProgram } from './exec-scripts.js';
import { EngineFeatures } from './engine-features.js';
import { EngineImages } from './engine-images.js';
import { readEngineLogs } from './engine-logs.js';
import { readEngineStats } from './engine-stats.js';
import { restoreLimits } from './given-limits.js';
import { ISOLATIONS } from './isolations.js';
import { OciRuntimes } from './oci-runtimes.js';
import { removeContainer } from './remove-container.js';
import { resumeToEnd, stopContainer } from './stop-container.js';
import type { Transport } from './transport-probe.js';

const DEFAULT_CALL_TIMEOUT_MS = 20_000;
const DEFAULT_PULL_TIMEOUT_MS = 300_000;
const DEFAULT_IMAGE_CACHE_MS = 60_000;
const DEFAULT_HEARTBEAT_MS = 15_000;
const INSPECTS_AT_ONCE = 8;

/**
 * Runs agents as containers of Docker, or of what speaks its interface. Nothing is asked of the engine before the first
 * call, so Muster starts without one, and works as soon as there is one.
 */
export class DockerRuntime extends ContainerRuntime {
  readonly name = 'docker';
  readonly capabilities = {
    isolation: true,
    limits: true,
    network: true,
    pause: true,
    images: true,
    exec: true,
    stats: true,
    commit: true,
    secrets: true,
  } as const;
  readonly warning = null;

  private readonly engine: EngineClient;
  private readonly companions: Companions;
  private readonly creation: ContainerCreation;
  private readonly images: EngineImages;
  private readonly features: EngineFeatures;
  private readonly ociRuntimes: OciRuntimes;
  private readonly agents: AgentTransport;
  private readonly callTimeoutMs: number;
  private readonly heartbeatMs: number;

  /** @throws DomainError CONFIGURATION_INVALID when the host is not understood */
  constructor(options: DockerRuntimeOptions) {
    super();
    this.callTimeoutMs = options.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS;
    this.heartbeatMs = options.heartbeatMs ?? DEFAULT_HEARTBEAT_MS;
    this.engine = new EngineClient(parseEngineHost(options.host ?? DEFAULT_ENGINE_HOST), this.callTimeoutMs);
    this.features = new EngineFeatures(this.engine);
    this.ociRuntimes = new OciRuntimes(this.engine, this.features);
    this.images = new EngineImages(
      this.engine,
      options.imageCacheMs ?? DEFAULT_IMAGE_CACHE_MS,
      options.pullTimeoutMs ?? DEFAULT_PULL_TIMEOUT_MS,
    );
    const uid = options.uid ?? agentUid();
    this.companions = new Companions(this.engine);
    this.agents = new AgentTransport(this.engine, this.images, this.companions, { ...options, uid });
    this.creation = new ContainerCreation(
      this.engine,
      this.images,
      this.features,
      this.ociRuntimes,
      this.agents,
      this.companions,
      new AgentFolder(options.agentFolder, options.stateDir),
      uid,
    );
  }

  async info(): Promise<RuntimeInfo> {
    const [version, isolations] = await Promise.all([
      this.engine.call({ what: 'tell its version', run: (docker) => docker.version() }),
      this.ociRuntimes.isolations(),
    ]);
    const { name, shortcomings } = await this.features.traits();
    const ofIsolations = isolations.flatMap((isolation) => ISOLATIONS[isolation].shortcomings);
    return { name, version: version.Version, isolations, shortcomings: [...shortcomings, ...ofIsolations] };
  }

  async findImage(reference: string): Promise<FoundImage | null> {
    return this.images.findLocal(reference);
  }

  async registryDigest(reference: string): Promise<string> {
    return this.images.registryDigest(reference);
  }

  async resolveImage(reference: string): Promise<string> {
    return this.images.resolve(reference);
  }

  /**
   * Finds out how agents are reached, once. The first create does it, if nobody did before.
   * @throws RuntimeError
   */
  async probe(): Promise<Transport> {
    return this.agents.probe();
  }

  async agentServerIn(image: string): Promise<AgentServerIn> {
    return (await this.images.factsOf(image)).agentServer;
  }

  async create(spec: RuntimeSpec<Owner>): Promise<string> {
    return this.creation.create(spec);
  }

  /** A mount follows its folder wherever it is renamed to, on the host that mounted it. */
  async canHandOver(): Promise<boolean> {
    return (await this.agents.probe()).endpoint === 'unix';
  }

  async sharesFolders(): Promise<boolean> {
    return (await this.agents.probe()).sharedFolders;
  }

  async commit(id: string, request: CommitRequest): Promise<string> {
    return commitContainer(this.engine, id, request);
  }

  async removeImage(reference: string): Promise<void> {
    await removeCommitted(this.engine, reference);
  }

  async startCompanion(id: string): Promise<string | null> {
    const companion = await this.companions.of(id);
    if (companion !== null) await this.companions.start(companion);
    return companion;
  }

  async start(id: string): Promise<void> {
    await this.startCompanion(id);
    await this.engine.call({
      what: `start container ${id}`,
      run: (docker) => docker.getContainer(id).start().catch(ignoring(304)),
      ...STARTING,
    });
  }

  async stop(id: string, gracePeriodSeconds: number): Promise<void> {
    const { companion, isolation } = await this.companions.attachedTo(id);
    const endsPaused = ISOLATIONS[isolation].endsPaused && (await this.features.traits()).stopsPaused;
    if (!endsPaused) await resumeToEnd(this.engine, id);
    await stopContainer(this.engine, id, gracePeriodSeconds);
    if (companion !== null) await this.companions.stop(companion);
  }

  async pause(id: string): Promise<void> {
    await this.bringTo(id, 'paused', () =>
      this.engine.call({
        what: `pause container ${id}`,
        run: (docker) => docker.getContainer(id).pause(),
      }),
    );
  }

  async unpause(id: string): Promise<void> {
    await this.bringTo(id, 'running', () =>
      this.engine.call({
        what: `unpause container ${id}`,
        run: (docker) => docker.getContainer(id).unpause(),
      }),
    );
  }

  async restoreLimits(id: string): Promise<void> {
    await restoreLimits(this.engine, id);
  }

  async remove(id: string): Promise<void> {
    const { companion, memory, isolation } = await this.companions.attachedTo(id);
    if (!ISOLATIONS[isolation].endsPaused) await resumeToEnd(this.engine, id);
    await removeContainer(this.engine, id);
    if (companion !== null) await removeContainer(this.engine, companion);
    if (memory !== null) await this.companions.removeMemory(memory);
  }

  async inspect(idOrName: string): Promise<ContainerObservation | null> {
    const info = await this.engine.call({
      what: `look at container ${idOrName}`,
      run: (docker) => docker.getContainer(idOrName).inspect().catch(ignoring(404)),
    });
    if (!info) return null;
    const seen = toObservation(info);
    // The engine takes the beginning of an id for the whole.
    if (seen.id !== idOrName && seen.name !== idOrName) return null;
    const companion = this.companions.note(info);
    return companion === null ? seen : { ...seen, companion: await this.companions.observe(companion) };
  }

  async list(installation: InstallationId): Promise<readonly ContainerObservation[]> {
    const found = await this.engine.call({
      what: 'list containers',
      run: (docker) =>
        docker.listContainers({
          all: true,
          filters: { label: [`${INSTALLATION_LABEL}=${installation}`] },
        }),
    });
    const ids = found.map(({ Id }) => Id);
    const seen: ContainerObservation[] = [];
    // The list lacks what an observation needs: pid, times, exit code.
    const inspectNext = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
        const container = await this.inspect(id);
        if (container !== null) seen.push(container);
      }
    };
    await Promise.all(Array.from({ length: INSPECTS_AT_ONCE }, inspectNext));
    // Seen with the container that it is for.
    const companions = new Set(seen.map(({ companion }) => companion?.id));
    return seen.filter(({ id }) => !companions.has(id));
  }

  logs(id: string, query: LogQuery): AsyncIterable<LogLine> {
    return readEngineLogs(this.engine, id, query, this.heartbeatMs);
  }

  events(installation: InstallationId, signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return readEngineEvents(this.engine, installation, signal, this.heartbeatMs);
  }

  /** By agent-server where it can, which is faster by far; what needs a terminal, and all else, by the engine. */
  async exec(container: ContainerAddress, asked: ExecSpec): Promise<ExecSession> {
    const spec = { ...asked, env: { ...container.env, ...asked.env } };
    if (spec.terminal === null) {
      const isRunning = async (): Promise<boolean> => (await this.inspect(container.id))?.state === 'running';
      const session = await this.agents.startProgram(container, execProgram(spec), isRunning);
      if (session !== null) return session;
    }
    return startEngineExec(this.engine, container.id, spec);
  }

  async endExec(id: string, execId: string): Promise<void> {
    await endEngineExec(this.engine, id, execId);
  }

  stats(id: string, signal: AbortSignal): AsyncIterable<ContainerStats> {
    return readEngineStats(this.engine, this.features, id, signal, this.heartbeatMs);
  }

  async connect(container: ContainerAddress): Promise<AgentConnection> {
    return this.agents.connect(container);
  }

  async waitForAnswer<T>(
    container: ContainerAddress,
    signal: AbortSignal,
    ask: (connection: AgentConnection) => Promise<T>,
  ): Promise<Answered<T>> {
    return waitForAnswer(this, container, signal, ask);
  }

  /** Does it, unless it is so already: the engine's 409 says only that it is in a state that does not fit. */
  private async bringTo(id: string, state: 'paused' | 'running', act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const refused = error instanceof RuntimeError && error.failure === 'refused';
      if (!refused || (await this.inspect(id))?.state !== state) throw error;
    }
  }
}
