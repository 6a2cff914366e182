import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InstallationId } from '../../src/domain/ids.js';
import type { AgentConnection } from '../../src/domain/runtime/agent-connection.js';
import {
  ContainerRuntime,
  type AgentServerIn,
  type Answered,
  type CommitRequest,
  type ContainerAddress,
  type ContainerObservation,
  type ContainerState,
  type FoundImage,
  type LogLine,
  type RuntimeEvent,
  type RuntimeInfo,
} from '../../src/domain/runtime/container-runtime.js';
import type { ContainerStats } from '../../src/domain/runtime/container-stats.js';
import type { ExecSession } from '../../src/domain/runtime/exec-session.js';
import { AgentUnreachableError, ContainerExitedError, RuntimeError } from '../../src/domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../src/domain/runtime/runtime-spec.js';
import { FakeConnection } from './fake-connection.js';
import type { FakeContainer, FakeEngine } from './fake-engine.js';

/** One Muster's way to the engine. */
export class FakeRuntime extends ContainerRuntime {
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
  };
  readonly warning = null;

  constructor(readonly engine: FakeEngine) {
    super();
  }

  async info(): Promise<RuntimeInfo> {
    this.engine.assertUp();
    return Promise.resolve({ name: 'fake', version: '1', isolations: ['runc'], shortcomings: [] });
  }

  async resolveImage(reference: string): Promise<string> {
    return this.engine.perform('resolveImage', reference, () => this.engine.image);
  }

  async findImage(reference: string): Promise<FoundImage | null> {
    return this.engine.perform('findImage', reference, () => this.engine.found.get(reference) ?? null);
  }

  async registryDigest(reference: string): Promise<string> {
    return this.engine.perform('registryDigest', reference, () => {
      const digest = this.engine.inRegistry.get(reference);
      if (digest === undefined) throw new RuntimeError('image-missing', `No registry has ${reference}.`);
      return digest;
    });
  }

  async agentServerIn(): Promise<AgentServerIn> {
    return Promise.resolve('program');
  }

  async create(spec: RuntimeSpec): Promise<string> {
    for (const folder of [spec.privateFolder, spec.workspaceFolder]) await mkdir(folder, { recursive: true });
    return this.engine.perform('create', spec.name, () => this.engine.create(spec));
  }

  async canHandOver(): Promise<boolean> {
    this.engine.assertUp();
    return Promise.resolve(true);
  }

  async sharesFolders(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async commit(id: string, { reference }: CommitRequest): Promise<string> {
    return this.engine.perform('commit', id, () => {
      this.engine.get(id);
      this.engine.committed.set(reference, this.engine.image);
      return this.engine.image;
    });
  }

  async removeImage(reference: string): Promise<void> {
    await this.engine.perform('removeImage', reference, () => this.engine.committed.delete(reference));
  }

  async startCompanion(): Promise<null> {
    return Promise.resolve(null);
  }

  async start(id: string): Promise<void> {
    await this.engine.perform('start', id, () => {
      this.engine.start(this.engine.get(id));
    });
  }

  async stop(id: string): Promise<void> {
    await this.engine.perform('stop', id, () => {
      const container = this.engine.containers.get(id);
      if (container !== undefined) this.engine.halt(container, 0);
    });
  }

  async pause(id: string): Promise<void> {
    await this.engine.perform('pause', id, () => {
      this.set(id, 'paused');
    });
  }

  async unpause(id: string): Promise<void> {
    await this.engine.perform('unpause', id, () => {
      this.set(id, 'running');
    });
  }

  async restoreLimits(id: string): Promise<void> {
    await this.engine.perform('restoreLimits', id, () => {
      this.engine.get(id).isAltered = false;
    });
  }

  async remove(id: string): Promise<void> {
    await this.engine.perform('remove', id, () => {
      this.engine.remove(id);
    });
  }

  async inspect(idOrName: string): Promise<ContainerObservation | null> {
    return this.engine.perform('inspect', idOrName, () => {
      const { containers } = this.engine;
      const found = containers.get(idOrName) ?? [...containers.values()].find(({ spec }) => spec.name === idOrName);
      return found === undefined ? null : observe(found);
    });
  }

  async list(installation: InstallationId): Promise<readonly ContainerObservation[]> {
    return this.engine.perform('list', installation, () =>
      [...this.engine.containers.values()]
        .filter(({ spec }) => spec.owner.installation === installation)
        .map((container) => ({ ...observe(container), pid: null, startedAt: null })),
    );
  }

  async *logs(id: string): AsyncIterable<LogLine> {
    this.engine.get(id);
    yield await Promise.resolve({ stream: 'stdout', at: new Date(), text: `log of ${id}` });
  }

  events(_installation: InstallationId, signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.engine.events(signal);
  }

  async connect({ id }: ContainerAddress): Promise<AgentConnection> {
    this.engine.assertUp();
    if (this.engine.get(id).state !== 'running' || this.engine.behaviour === 'silent')
      throw new AgentUnreachableError(id);
    return Promise.resolve(new FakeConnection(this.engine, id));
  }

  async waitForAnswer<T>(
    container: ContainerAddress,
    signal: AbortSignal,
    ask: (connection: AgentConnection) => Promise<T>,
  ): Promise<Answered<T>> {
    for (;;) {
      signal.throwIfAborted();
      this.engine.assertUp();
      const { state, exitCode, spec } = this.engine.get(container.id);
      if (state !== 'running') throw new ContainerExitedError(container.id, exitCode, false);
      if (this.engine.behaviour === 'healthy' && !this.engine.silentReplicas.has(spec.owner.replica)) {
        const connection = await this.connect(container);
        return { connection, answer: await ask(connection) };
      }
      await sleep(2);
    }
  }

  /** Execs it does not have: what they do is tested where programs run. */
  async exec(): Promise<ExecSession> {
    return Promise.reject(new RuntimeError('unsupported', 'The engine in memory runs no programs.'));
  }

  readonly endedExecs: { container: string; execId: string }[] = [];
  async endExec(container: string, execId: string): Promise<void> {
    this.engine.assertUp();
    this.endedExecs.push({ container, execId });
    return Promise.resolve();
  }

  stats(): AsyncIterable<ContainerStats> {
    throw new RuntimeError('unsupported', 'The engine in memory measures nothing.');
  }

  private set(id: string, state: ContainerState): void {
    const container = this.engine.get(id);
    if (container.state !== 'running' && container.state !== 'paused') {
      throw new RuntimeError('refused', `Container ${id} does not run.`);
    }
    container.state = state;
    this.engine.tell(state === 'paused' ? 'paused' : 'unpaused', container);
  }
}

const observe = ({ spec, isAltered = false, ...container }: FakeContainer): ContainerObservation => ({
  id: container.id,
  name: spec.name,
  owner: spec.owner,
  specDigest: spec.specDigest,
  state: container.state,
  pid: container.pid,
  startedAt: container.startedAt,
  exitCode: container.exitCode,
  finishedAt: container.finishedAt,
  oomKilled: false,
  isAltered,
});
