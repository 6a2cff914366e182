import { EventEmitter, on } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import type { InstallationId } from '../../src/domain/ids.js';
import {
  AgentConnection,
  type AgentConfiguration,
  type AgentHealth,
  type PromptRequest,
  type PromptResult,
} from '../../src/domain/runtime/agent-connection.js';
import {
  ContainerRuntime,
  type ContainerAddress,
  type ContainerObservation,
  type ContainerState,
  type LogLine,
  type ReachableAgent,
  type RuntimeEvent,
  type RuntimeInfo,
} from '../../src/domain/runtime/container-runtime.js';
import {
  AgentUnreachableError,
  ContainerExitedError,
  RuntimeError,
  type RuntimeFailure,
} from '../../src/domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../src/domain/runtime/runtime-spec.js';

/** What an engine does to containers; the calls that failures are injected into. */
export type EngineCall =
  'create' | 'start' | 'stop' | 'pause' | 'unpause' | 'remove' | 'inspect' | 'list' | 'resolveImage';

interface Container {
  readonly id: string;
  readonly spec: RuntimeSpec;
  state: ContainerState;
  pid: number | null;
  startedAt: Date | null;
  exitCode: number | null;
  configuration: AgentConfiguration | null;
}

interface Fault {
  readonly call: EngineCall;
  /** before: the call has no effect. after: it has, and its answer is lost. */
  readonly when: 'before' | 'after';
  readonly error: Error | 'hang';
  left: number;
}

/** How agents behave once their container starts. */
export type Behaviour = 'healthy' | 'silent' | 'exits';

/**
 * A container engine in memory that any number of runtimes can use, with a switch for everything that can go wrong. It
 * stands for the engine alone: everything else in these tests is real.
 */
export class FakeEngine {
  readonly containers = new Map<string, Container>();
  /** Every call that reached the engine, in order. */
  readonly calls: { call: EngineCall; target: string }[] = [];
  behaviour: Behaviour = 'healthy';
  image = 'sha256:one';
  /** Awaited within every call, before its effect. */
  beforeEffect: (call: EngineCall, target: string) => Promise<void> = () => Promise.resolve();
  private readonly faults: Fault[] = [];
  private readonly emitter = new EventEmitter().setMaxListeners(0);
  private isDown = false;
  private nextPid = 1000;

  /** The next `times` such calls fail. */
  failNext(call: EngineCall, when: 'before' | 'after', error: Error | RuntimeFailure | 'hang', times = 1): void {
    const thrown = typeof error === 'string' && error !== 'hang' ? new RuntimeError(error, `${call}: ${error}`) : error;
    this.faults.push({ call, when, error: thrown, left: times });
  }

  /** The engine goes away. What ran may run on or not; see exit. */
  goAway(): void {
    this.isDown = true;
    this.emitter.emit('down');
  }

  comeBack(): void {
    this.isDown = false;
  }

  exit(id: string, exitCode: number): void {
    this.halt(this.get(id), exitCode);
  }

  /** Somebody else's container, or a leftover. */
  put(spec: RuntimeSpec, state: ContainerState = 'created'): string {
    const id = randomBytes(12).toString('hex');
    const isUp = state === 'running' || state === 'paused';
    this.containers.set(id, {
      id,
      spec,
      state,
      pid: isUp ? this.nextPid++ : null,
      startedAt: isUp ? new Date() : null,
      exitCode: state === 'exited' ? 0 : null,
      configuration: null,
    });
    return id;
  }

  of(instance: string): Container[] {
    return [...this.containers.values()].filter(({ spec }) => spec.owner.instance === instance);
  }

  count(call: EngineCall): number {
    return this.calls.filter((made) => made.call === call).length;
  }

  async perform<T>(call: EngineCall, target: string, effect: () => T): Promise<T> {
    await new Promise((resolve) => setImmediate(resolve));
    this.assertUp();
    await this.beforeEffect(call, target);
    this.assertUp();
    await this.injected(call, 'before');
    this.calls.push({ call, target });
    const result = effect();
    await this.injected(call, 'after');
    return result;
  }

  get(id: string): Container {
    const container = this.containers.get(id);
    if (container === undefined) throw new RuntimeError('not-found', `There is no container ${id}.`);
    return container;
  }

  create(spec: RuntimeSpec): string {
    if ([...this.containers.values()].some((container) => container.spec.name === spec.name)) {
      throw new RuntimeError('name-conflict', `The name ${spec.name} is in use.`);
    }
    if (spec.image !== this.image) throw new RuntimeError('image-missing', `There is no image ${spec.image}.`);
    return this.put(spec);
  }

  start(container: Container): void {
    if (container.state === 'running') return;
    Object.assign(container, { state: 'running', pid: this.nextPid++, startedAt: new Date(), exitCode: null });
    this.tell('started', container);
    if (this.behaviour === 'exits') this.halt(container, 3);
  }

  halt(container: Container, exitCode: number): void {
    if (container.state !== 'running' && container.state !== 'paused') return;
    Object.assign(container, { state: 'exited', pid: null, exitCode, configuration: null });
    this.tell('exited', container);
  }

  remove(id: string): void {
    const container = this.containers.get(id);
    if (container === undefined) return;
    this.containers.delete(id);
    this.tell('removed', container);
  }

  tell(kind: RuntimeEvent['kind'], { id, spec }: Container): void {
    if (!this.isDown) this.emitter.emit('event', { kind, containerId: id, owner: spec.owner } satisfies RuntimeEvent);
  }

  async *events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    this.assertUp();
    const down = new AbortController();
    this.emitter.once('down', () => {
      down.abort();
    });
    try {
      for await (const [event] of on(this.emitter, 'event', { signal: AbortSignal.any([signal, down.signal]) })) {
        yield event as RuntimeEvent;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw down.signal.aborted ? new RuntimeError('unavailable', 'The engine went away.') : error;
    }
  }

  assertUp(): void {
    if (this.isDown) throw new RuntimeError('unavailable', 'The engine does not answer.');
  }

  private async injected(call: EngineCall, when: 'before' | 'after'): Promise<void> {
    const fault = this.faults.find(
      (candidate) => candidate.call === call && candidate.when === when && candidate.left > 0,
    );
    if (fault === undefined) return;
    fault.left -= 1;
    if (fault.error === 'hang') await new Promise(() => undefined);
    throw fault.error as Error;
  }
}

/** One Muster's way to the engine. */
export class FakeRuntime extends ContainerRuntime {
  readonly name = 'docker';
  readonly capabilities = { isolation: true, limits: true, network: true, pause: true, images: true, exec: true };
  readonly warning = null;

  constructor(readonly engine: FakeEngine) {
    super();
  }

  async info(): Promise<RuntimeInfo> {
    this.engine.assertUp();
    return Promise.resolve({ name: 'fake', version: '1', isolations: ['runc'] });
  }

  async resolveImage(reference: string): Promise<string> {
    return this.engine.perform('resolveImage', reference, () => this.engine.image);
  }

  async create(spec: RuntimeSpec): Promise<string> {
    return this.engine.perform('create', spec.name, () => this.engine.create(spec));
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

  async waitUntilReachable(container: ContainerAddress, signal: AbortSignal): Promise<ReachableAgent> {
    for (;;) {
      signal.throwIfAborted();
      this.engine.assertUp();
      const { state, exitCode } = this.engine.get(container.id);
      if (state !== 'running') throw new ContainerExitedError(container.id, exitCode, false);
      if (this.engine.behaviour === 'healthy') {
        const connection = await this.connect(container);
        return { connection, health: await connection.health() };
      }
      await sleep(2);
    }
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

class FakeConnection extends AgentConnection {
  readonly endpoint = 'unix';

  constructor(
    private readonly engine: FakeEngine,
    private readonly id: string,
  ) {
    super();
  }

  async health(): Promise<AgentHealth> {
    return Promise.resolve({ version: '1', configured: this.container().configuration?.digest ?? null });
  }

  async configure(configuration: AgentConfiguration): Promise<void> {
    this.container().configuration = configuration;
    return Promise.resolve();
  }

  async prompt({ input }: PromptRequest, signal: AbortSignal): Promise<PromptResult> {
    const wait = /^sleep (\d+)$/.exec(input)?.[1];
    if (wait !== undefined) await sleep(Number(wait), undefined, { signal });
    const soul = this.container().configuration?.soul ?? 'nobody';
    return { output: `${soul}: ${input}`, usage: { inputTokens: 1, outputTokens: 1 } };
  }

  close(): void {
    // Nothing is open.
  }

  private container(): Container {
    const container = this.engine.containers.get(this.id);
    if (container?.state !== 'running') throw new AgentUnreachableError(this.id);
    return container;
  }
}

const observe = ({ id, spec, state, pid, startedAt, exitCode }: Container): ContainerObservation => ({
  id,
  name: spec.name,
  owner: spec.owner,
  specDigest: spec.specDigest,
  state,
  pid,
  startedAt,
  exitCode,
  oomKilled: false,
});
