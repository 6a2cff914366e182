import type { AgentInstanceId, ProjectId, TenantId } from '../../src/domain/ids.js';
import { InvalidTransitionError } from '../../src/domain/errors/invalid-transition.error.js';
import { mayFollow, type DesiredState, type LifecycleState } from '../../src/domain/lifecycle/lifecycle-states.js';
import {
  INITIAL_LIFECYCLE,
  type Lifecycle,
  type Replica,
  type ReplicaCondition,
} from '../../src/domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../src/domain/lifecycle/managed-instance.js';
import {
  planReplicas,
  type ReplicasOutlook,
  type ReplicasPlan,
  type ReplicaStep,
} from '../../src/domain/lifecycle/plan-replicas.js';
import { lifecycleError } from '../../src/domain/lifecycle/recovery.js';
import { INITIAL_CONDITION, replicaView } from '../../src/domain/lifecycle/replicas.js';
import { DEFAULT_RESTART_POLICY as POLICY } from '../../src/domain/lifecycle/restart-policy.js';
import type { ContainerObservation, ContainerState } from '../../src/domain/runtime/container-runtime.js';

export const NOW = new Date('2026-01-31T12:00:00Z');
const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);
export const SOON = new Date(NOW.getTime() + 1000);

export type Look = ContainerState | 'none';

/** A replica on record. */
export const replica = (index: number, state: LifecycleState, condition: Partial<ReplicaCondition> = {}): Replica => ({
  index,
  operator: 'docker',
  containerId: `id-${index}`,
  containerName: `name-${index}`,
  specDigest: 'spec',
  restartToken: 0,
  configuredRevision: 1,
  pid: 7,
  state,
  health: 'healthy',
  startedAt: state === 'running' ? ago(3600) : null,
  endpoint: 'unix',
  ...(index === 0 ? {} : { condition: { ...INITIAL_CONDITION, observedGeneration: 1, ...condition } }),
});

/** An instance with all its containers, as the steps change them: the whole of Muster and the engine, without either. */
export class ReplicaModel {
  readonly trace: string[] = [];
  readonly looks = new Map<number, Look>();
  lifecycle: Lifecycle;

  constructor(
    state: LifecycleState,
    desired: { readonly state: DesiredState; readonly replicas: number },
    look: Look,
    others: readonly (readonly [Replica, Look])[],
    private readonly fails: (step: ReplicaStep) => boolean = () => false,
  ) {
    this.lifecycle = {
      ...INITIAL_LIFECYCLE,
      state,
      desired: { ...INITIAL_LIFECYCLE.desired, ...desired, generation: 1 },
      observedGeneration: 1,
      containerId: 'id-0',
      startedAt: ago(3600),
      replicas: [replica(0, state), ...others.map(([other]) => other)],
    };
    this.looks.set(0, look);
    for (const [{ index }, seen] of others) this.looks.set(index, seen);
  }

  get outlook(): ReplicasOutlook {
    const containers = new Map([...this.looks].map(([index, look]) => [index, this.container(look)]));
    return { instance: this.instance, containers, now: NOW, policy: POLICY, watchedSince: ago(60) };
  }

  get instance(): ManagedInstance {
    return {
      id: 'a'.repeat(24) as AgentInstanceId,
      tenantId: 'b'.repeat(24) as TenantId,
      projectId: 'c'.repeat(24) as ProjectId,
      identifier: 'web-app-dev-1',
      manifest: {},
      status: 'idle',
      pid: null,
      openRuns: [],
      revision: 1,
      removedAt: null,
      lifecycle: this.lifecycle,
    };
  }

  /**
   * Begins and ends steps until it rests, or the number is reached; `choose` says which of so many things is done next.
   * @default one step after the other, the first of what can be done
   * @returns what is left to do
   */
  run(most: number, choose: (of: number) => number = () => 0): ReplicasPlan {
    for (let count = 0; count < most; count += 1) {
      const { steps } = this.plan;
      const ends = [...this.inHand.values()].map((step) => () => {
        this.end(step);
      });
      const acts = [
        ...ends,
        ...steps.map((step) => () => {
          this.begin(step);
        }),
      ];
      if (acts.length === 0) break;
      acts[choose(acts.length)]!();
    }
    return this.plan;
  }

  get plan(): ReplicasPlan {
    return planReplicas({ ...this.outlook, inHand: new Set(this.inHand.keys()) });
  }

  /** Steps that have begun, and not ended. */
  readonly inHand = new Map<number, ReplicaStep>();

  private begin(next: ReplicaStep): void {
    const { replica: index, step } = next;
    this.trace.push(`${index}/${this.stateOf(index)}/${this.looks.get(index)}: ${step.kind}`);
    this.inHand.set(index, next);
    this.onBegin(next);
  }

  private end(next: ReplicaStep): void {
    this.inHand.delete(next.replica);
    if (this.fails(next)) this.fail(next.replica);
    else this.apply(next);
  }

  /** Told of each step before it changes anything. */
  onBegin: (step: ReplicaStep) => void = () => undefined;

  get summary(): string[] {
    const { state, replicas } = this.lifecycle;
    return [state, ...replicas.filter(({ index }) => index > 0).map((other) => other.state)];
  }

  private stateOf(index: number): LifecycleState {
    return replicaView(this.instance, index).lifecycle.state;
  }

  private apply({ replica: index, step }: ReplicaStep): void {
    const look = this.looks.get(index) ?? 'none';
    const isUp = look === 'running' || look === 'paused';
    switch (step.kind) {
      case 'sleep':
      case 'expire':
      case 'seed':
        throw new Error(`${step.kind} is not for this model`);
      case 'look':
        this.looks.set(index, look);
        break;
      case 'configure':
        break;
      case 'move':
        this.to(index, step.to);
        break;
      case 'fail':
        this.fail(index);
        break;
      case 'create':
        this.looks.set(index, 'created');
        this.to(index, 'starting');
        this.obey(index);
        break;
      case 'reuse':
        this.to(index, 'starting');
        this.obey(index);
        break;
      case 'launch':
        this.looks.set(index, 'running');
        this.to(index, 'running');
        break;
      case 'pause':
        this.looks.set(index, 'paused');
        this.to(index, 'paused');
        break;
      case 'resume':
        this.looks.set(index, 'running');
        this.to(index, 'running');
        break;
      case 'undo':
        this.looks.set(
          index,
          ({ pause: 'paused', unpause: 'running', restoreLimits: 'running', stop: 'exited' } as const)[step.by],
        );
        break;
      case 'stop':
        if (isUp) this.looks.set(index, 'exited');
        this.to(index, 'stopped');
        break;
      case 'retire':
        this.looks.set(index, 'none');
        this.to(index, 'disabled');
        break;
      case 'remove':
        this.looks.delete(index);
        if (index === 0) this.looks.set(0, 'none');
        this.to(index, 'removed');
        break;
    }
  }

  private fail(index: number): void {
    const { state, failures, desired } = replicaView(this.instance, index).lifecycle;
    if (!mayFollow(state, 'failed')) {
      this.leave(index);
      return;
    }
    const error = lifecycleError('CONTAINER_START_FAILED', 'no');
    this.to(index, 'failed', {
      failures: failures + 1,
      error,
      observedGeneration: desired.generation,
      retryAt: ago(1),
    });
  }

  /** The state stays, and it is tried again later. */
  private leave(index: number): void {
    const { replicas } = this.lifecycle;
    const condition = { ...INITIAL_CONDITION, observedGeneration: 1, retryAt: SOON };
    const left = replicas.map((other) => (other.index === index && index > 0 ? { ...other, condition } : other));
    this.lifecycle = { ...this.lifecycle, replicas: left };
  }

  private to(index: number, state: LifecycleState, failure: Partial<Omit<ReplicaCondition, 'healthCheck'>> = {}): void {
    const from = this.stateOf(index);
    if (!mayFollow(from, state)) throw new InvalidTransitionError(`replica ${index}`, from, state);
    const { replicas } = this.lifecycle;
    if (index === 0) {
      this.lifecycle = { ...this.lifecycle, ...failure, state };
      return;
    }
    const known = replicas.find((other) => other.index === index) ?? replica(index, state, { observedGeneration: 0 });
    const condition = { ...INITIAL_CONDITION, ...known.condition, ...failure };
    const now = state === 'removed' ? [] : [{ ...known, state, condition }];
    const others = replicas.filter((other) => other.index !== index);
    this.lifecycle = { ...this.lifecycle, replicas: [...others, ...now].sort((a, b) => a.index - b.index) };
  }

  /** Its start is the one that was asked for last. */
  private obey(index: number): void {
    const { replicas, desired } = this.lifecycle;
    const { restartToken } = desired;
    const obeying = replicas.map((other) => (other.index === index ? { ...other, restartToken } : other));
    this.lifecycle = { ...this.lifecycle, replicas: obeying };
  }

  private container(look: Look): ContainerObservation | null {
    if (look === 'none') return null;
    const isUp = look === 'running' || look === 'paused';
    return {
      id: 'id',
      name: 'name',
      owner: null,
      specDigest: 'spec',
      state: look,
      pid: isUp ? 7 : null,
      startedAt: NOW,
      exitCode: isUp ? null : 1,
      finishedAt: isUp ? null : NOW,
      oomKilled: false,
    };
  }
}
