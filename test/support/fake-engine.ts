import { EventEmitter, on } from 'node:events';
import { randomBytes } from 'node:crypto';
import type { AgentConfiguration, SecretFile } from '../../src/domain/runtime/agent-connection.js';
import type { ContainerState, FoundImage, RuntimeEvent } from '../../src/domain/runtime/container-runtime.js';
import { RuntimeError, type RuntimeFailure } from '../../src/domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../src/domain/runtime/runtime-spec.js';

/** What an engine does to containers; the calls that failures are injected into. */
export type EngineCall =
  | 'create'
  | 'start'
  | 'stop'
  | 'pause'
  | 'unpause'
  | 'restoreLimits'
  | 'remove'
  | 'inspect'
  | 'list'
  | 'resolveImage'
  | 'findImage'
  | 'registryDigest'
  | 'commit'
  | 'removeImage';

/** A container as the engine keeps it. */
export interface FakeContainer {
  readonly id: string;
  readonly spec: RuntimeSpec;
  state: ContainerState;
  pid: number | null;
  startedAt: Date | null;
  exitCode: number | null;
  finishedAt: Date | null;
  isAltered?: boolean;
  configuration: AgentConfiguration | null;
  secrets: readonly SecretFile[];
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
  readonly containers = new Map<string, FakeContainer>();
  /** Every call that reached the engine, in order. */
  readonly calls: { call: EngineCall; target: string }[] = [];
  behaviour: Behaviour = 'healthy';
  /** Of these replicas, none answers while it comes up. */
  readonly silentReplicas = new Set<number>();
  image = 'sha256:one';
  /** What it has, and what registries have, by name: for who asks without pulling. */
  readonly found = new Map<string, FoundImage>();
  readonly inRegistry = new Map<string, string>();
  /** Images that containers were kept as, by name. */
  readonly committed = new Map<string, string>();
  /** Containers whose agent hangs: it answers nobody. */
  readonly hung = new Set<string>();
  /** Agents hang as soon as they have been told who they are. */
  hangsSoon = false;
  /** Which container's agent was asked for its health, in order. */
  readonly healthChecks: string[] = [];
  /** Awaited within every call, before its effect. */
  beforeEffect: (call: EngineCall, target: string) => Promise<void> = () => Promise.resolve();
  /** Awaited when a workspace has been read, and before one is written. */
  beforeFiles: (act: 'pack' | 'unpack') => Promise<void> = () => Promise.resolve();
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
      finishedAt: state === 'exited' ? new Date() : null,
      configuration: null,
      secrets: [],
    });
    return id;
  }

  of(instance: string): FakeContainer[] {
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

  get(id: string): FakeContainer {
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

  start(container: FakeContainer): void {
    if (container.state === 'running') return;
    Object.assign(container, {
      state: 'running',
      pid: this.nextPid++,
      startedAt: new Date(),
      exitCode: null,
      finishedAt: null,
    });
    this.hung.delete(container.id);
    this.tell('started', container);
    if (this.behaviour === 'exits') this.halt(container, 3);
  }

  halt(container: FakeContainer, exitCode: number): void {
    if (container.state !== 'running' && container.state !== 'paused') return;
    Object.assign(container, { state: 'exited', pid: null, exitCode, finishedAt: new Date(), configuration: null });
    this.tell('exited', container);
  }

  remove(id: string): void {
    const container = this.containers.get(id);
    if (container === undefined) return;
    this.containers.delete(id);
    this.tell('removed', container);
  }

  tell(kind: RuntimeEvent['kind'], { id, spec }: FakeContainer): void {
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
