import { EventEmitter, once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { InstallationId } from '../../domain/ids.js';
import type { AgentConnection } from '../../domain/runtime/agent-connection.js';
import {
  ContainerRuntime,
  type Answered,
  type AgentServerIn,
  type ContainerAddress,
  type ContainerObservation,
  type LogLine,
  type LogQuery,
  type RuntimeEvent,
  type RuntimeInfo,
} from '../../domain/runtime/container-runtime.js';
import type { ContainerStats } from '../../domain/runtime/container-stats.js';
import type { ExecSession } from '../../domain/runtime/exec-session.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../domain/runtime/runtime-spec.js';
import { agentUid, clearAgentSocket, prepareAgentFolders } from '../agent/agent-folders.js';
import { dialAgentSocket } from '../agent/agent-socket.js';
import { HttpAgentConnection } from '../agent/http-agent-connection.js';
import { waitForAnswer } from '../agent/wait-for-answer.js';
import { readAgentBundle } from './agent-bundle.js';
import { watchContainers } from './process-events.js';
import { isAlive } from './process-identity.js';
import { launchProcess, type HeldProcess } from './process-launcher.js';
import { logFileIn } from './process-log-file.js';
import { ProcessLogKeeper } from './process-log-keeper.js';
import { readProcessLogs } from './process-logs.js';
import { observeProcess } from './process-observation.js';
import type { ProcessRuntimeOptions } from './process-options.js';
import type { ProcessRecord, StartedProcess } from './process-record.js';
import { ProcessRecords } from './process-records.js';
import { endProcess, setPaused } from './process-signals.js';

const DEFAULT_LOOK_EVERY_MS = 1000;
const DEFAULT_MAX_LOG_BYTES = 4 * 1024 * 1024;

/**
 * Runs agent-server as child processes, for machines without a container engine. They outlive Muster, and what it knows
 * of them is written down, so that another Muster process adopts them. It is no boundary: see `warning`.
 */
export class ProcessRuntime extends ContainerRuntime {
  readonly name = 'process';
  readonly capabilities = {
    isolation: false,
    limits: false,
    network: false,
    pause: true,
    images: false,
    exec: false,
    stats: false,
    commit: false,
    secrets: false,
  } as const;
  readonly warning =
    'The process runtime is NOT a boundary: agents are plain processes of this machine, which can open Unix sockets and ' +
    'network connections, and no limit of CPU, memory or processes binds them. Use it only for templates you wrote yourself.';

  private readonly records: ProcessRecords;
  private readonly nudges = new EventEmitter().setMaxListeners(0);
  private readonly uid: number;
  private readonly logKeeper: ProcessLogKeeper;
  /** For each child of this very process that has not ended: resolves when its end is written down. */
  private readonly endings = new Map<string, Promise<void>>();

  /** @throws RuntimeError unsupported in production */
  constructor(private readonly options: ProcessRuntimeOptions) {
    super();
    if (options.nodeEnv === 'production') {
      throw new RuntimeError(
        'unsupported',
        'The process runtime is no boundary and does not run under NODE_ENV=production. Install a container engine and set RUNTIME=docker.',
      );
    }
    this.records = new ProcessRecords(join(options.stateDir, 'containers'));
    this.uid = options.uid ?? agentUid();
    this.logKeeper = new ProcessLogKeeper(this.records, options.maxLogBytes ?? DEFAULT_MAX_LOG_BYTES);
  }

  async info(): Promise<RuntimeInfo> {
    return Promise.resolve({ name: 'Node.js', version: process.versions.node, isolations: [], shortcomings: [] });
  }

  /** @throws RuntimeError unsupported for any image but the agents' own, image-missing when that is not built */
  async resolveImage(reference: string): Promise<string> {
    const bundle = await readAgentBundle(this.options.agentBundle);
    if (reference === bundle.image || untagged(reference) === untagged(this.options.agentImage)) return bundle.image;
    throw new RuntimeError('unsupported', `The process runtime has no images, so it cannot run ${reference}.`);
  }

  /** It has no images. */
  async findImage(): Promise<null> {
    return Promise.resolve(null);
  }

  async registryDigest(): Promise<string> {
    return Promise.reject(unsupported('ask a registry'));
  }

  /** The only one there is. */
  async agentServerIn(): Promise<AgentServerIn> {
    return Promise.resolve('program');
  }

  async create(spec: RuntimeSpec): Promise<string> {
    if (spec.isolation !== 'runc') {
      throw new RuntimeError('unsupported', `The process runtime cannot run an agent under ${spec.isolation}.`);
    }
    const unfit = UNSUPPORTED.filter((part) => spec[part] !== undefined);
    if (unfit.length > 0) {
      throw new RuntimeError(
        'unsupported',
        `The process runtime has no containers, so it cannot do: ${unfit.join(', ')}.`,
      );
    }
    if ((await readAgentBundle(this.options.agentBundle)).image !== spec.image) {
      throw new RuntimeError('image-missing', `The agent-server is no longer ${spec.image}.`);
    }
    await prepareAgentFolders(spec, this.uid);
    const { id } = await this.records.create(spec);
    await clearAgentSocket(spec.privateFolder);
    return id;
  }

  /** The permission model knows folders by their paths. */
  async canHandOver(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async sharesFolders(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async commit(): Promise<string> {
    return Promise.reject(unsupported('keep an agent as an image'));
  }

  /** There never was one. */
  async removeImage(): Promise<void> {
    return Promise.resolve();
  }

  /** It has none. */
  async startCompanion(): Promise<null> {
    return Promise.resolve(null);
  }

  async start(id: string): Promise<void> {
    await this.records.get(id);
    await this.records.exclusively(id, 'start', async () => {
      const record = await this.records.get(id);
      if (record.process !== null && (await isAlive(record.process))) return;
      const held = await launchProcess(record.spec, logFileIn(this.records.folderOf(id)), {
        ...this.options,
        uid: this.uid,
        maxLogBytes: this.logKeeper.maxLogBytes,
      });
      this.watchExit(id, held);
      await this.records.update(id, { process: held.process, exit: null });
      held.release();
    });
    this.logKeeper.begin();
    this.nudge();
  }

  async stop(id: string, gracePeriodSeconds: number): Promise<void> {
    const record = await this.records.find(id);
    if (record?.process) await endProcess(record.process, gracePeriodSeconds * 1000);
    await this.endings.get(id)?.catch(() => undefined);
    this.nudge();
  }

  async pause(id: string): Promise<void> {
    await setPaused(await this.runningProcess(id), true);
    this.nudge();
  }

  async unpause(id: string): Promise<void> {
    await setPaused(await this.runningProcess(id), false);
    this.nudge();
  }

  /** Nobody can change them. */
  async restoreLimits(): Promise<void> {
    return Promise.resolve();
  }

  async remove(id: string): Promise<void> {
    const record = await this.records.find(id);
    if (record?.id !== id) return;
    if (record.process) await endProcess(record.process, 0);
    await this.records.remove(id);
    this.nudge();
  }

  async inspect(idOrName: string): Promise<ContainerObservation | null> {
    const record = await this.records.find(idOrName);
    return record === null ? null : this.observe(record);
  }

  async list(installation: InstallationId): Promise<readonly ContainerObservation[]> {
    const records = await this.records.list();
    if (records.length > 0) this.logKeeper.begin();
    const ours = records.filter(({ spec }) => spec.owner.installation === installation);
    return Promise.all(ours.map((record) => this.observe(record)));
  }

  async *logs(id: string, query: LogQuery): AsyncGenerator<LogLine> {
    await this.records.get(id);
    const isOver = async (): Promise<boolean> => {
      const state = (await this.inspect(id))?.state;
      return state !== 'running' && state !== 'paused';
    };
    yield* readProcessLogs(this.records.folderOf(id), query, isOver);
  }

  events(installation: InstallationId, signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const everyMs = this.options.lookEveryMs ?? DEFAULT_LOOK_EVERY_MS;
    return watchContainers(() => this.list(installation), this.nudges, everyMs, signal);
  }

  async connect({ id, privateFolder }: ContainerAddress): Promise<AgentConnection> {
    const dial = (): ReturnType<typeof dialAgentSocket> => dialAgentSocket(id, privateFolder);
    return new HttpAgentConnection(id, 'unix', dial, await dial());
  }

  async waitForAnswer<T>(
    container: ContainerAddress,
    signal: AbortSignal,
    ask: (connection: AgentConnection) => Promise<T>,
  ): Promise<Answered<T>> {
    return waitForAnswer(this, container, signal, ask);
  }

  async exec(): Promise<ExecSession> {
    return Promise.reject(unsupported('start programs beside an agent'));
  }

  async endExec(): Promise<void> {
    return Promise.reject(unsupported('start programs beside an agent, nor end them'));
  }

  stats(): AsyncIterable<ContainerStats> {
    throw unsupported('measure what an agent uses');
  }

  private async runningProcess(id: string): Promise<StartedProcess> {
    const record = await this.records.get(id);
    if (record.process !== null && (await isAlive(record.process))) return record.process;
    throw new RuntimeError('refused', `Container ${id} does not run.`);
  }

  private watchExit(id: string, { child, process: started }: HeldProcess): void {
    const ending = once(child, 'exit').then(async (args) => {
      const [code, signal] = args as [number | null, NodeJS.Signals | null];
      // As a shell tells it, and Docker.
      const exitCode = code ?? (signal === null ? null : 128 + constants.signals[signal]);
      const record = await this.records.find(id);
      const isLast = record?.process?.birth === started.birth;
      if (isLast) await this.records.update(id, { process: started, exit: { code: exitCode } });
    });
    this.endings.set(id, ending);
    // When it cannot be written the process is still seen to be gone; only its code is lost.
    void ending
      .catch(() => undefined)
      .then(() => {
        if (this.endings.get(id) === ending) this.endings.delete(id);
        this.nudge();
      });
  }

  private async observe(record: ProcessRecord): Promise<ContainerObservation> {
    const seen = await observeProcess(record);
    const ending = this.endings.get(record.id);
    if (seen.state !== 'exited' || ending === undefined) return seen;
    await ending.catch(() => undefined);
    return observeProcess((await this.records.find(record.id)) ?? record);
  }

  private nudge(): void {
    this.nudges.emit('nudge');
  }
}

/** What only a container can have. */
const UNSUPPORTED = [
  'command',
  'args',
  'mounts',
  'writablePaths',
  'stopSignal',
  'secrets',
] as const satisfies (keyof RuntimeSpec)[];

const unsupported = (what: string): RuntimeError =>
  new RuntimeError('unsupported', `The process runtime cannot ${what}. Use a container engine (RUNTIME=docker).`);

/** `latest` is what an image name without a tag means. */
function untagged(reference: string): string {
  return reference.replace(/:latest$/, '');
}
