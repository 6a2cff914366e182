import { describe, expect, it } from '@jest/globals';
import type { AgentInstanceId, ProjectId, TenantId } from '../ids.js';
import { InvalidTransitionError } from '../errors/invalid-transition.error.js';
import type { ContainerObservation, ContainerState } from '../runtime/container-runtime.js';
import { LIFECYCLE_STATES, mayFollow, type DesiredState, type LifecycleState } from './lifecycle-states.js';
import { INITIAL_LIFECYCLE, type Lifecycle, type Replica, type ReplicaCondition } from './lifecycle.js';
import type { ManagedInstance } from './managed-instance.js';
import { needsStep, nextReplicaStep, type ReplicasOutlook, type ReplicaStep } from './next-replica-step.js';
import type { Step } from './next-step.js';
import { lifecycleError } from './recovery.js';
import { INITIAL_CONDITION, replicaView } from './replicas.js';
import { DEFAULT_RESTART_POLICY as POLICY } from './restart-policy.js';

const NOW = new Date('2026-01-31T12:00:00Z');
const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);
const soon = new Date(NOW.getTime() + 1000);
const later = new Date(NOW.getTime() + 9000);

type Look = ContainerState | 'none';
const LOOKS = ['none', 'created', 'running', 'paused', 'exited', 'dead'] as const satisfies Look[];
const DESIRED = ['enabled', 'disabled', 'running', 'paused', 'stopped', 'removed'] as const satisfies DesiredState[];
const STATES = LIFECYCLE_STATES.filter((state) => state !== 'removed');
/** Those a replica beside the first is on record in. */
const RECORDED = STATES.filter((state) => state !== 'enabled' && state !== 'disabled');

const replica = (index: number, state: LifecycleState, condition: Partial<ReplicaCondition> = {}): Replica => ({
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
class Model {
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

  /** Steps until it rests, or the number is reached. */
  run(most: number): Step {
    for (let count = 0; count < most; count += 1) {
      const next = nextReplicaStep(this.outlook);
      if (next.step.kind === 'rest') return next.step;
      this.trace.push(
        `${next.replica}/${this.stateOf(next.replica)}/${this.looks.get(next.replica)}: ${next.step.kind}`,
      );
      if (this.fails(next)) this.fail(next.replica);
      else this.apply(next);
    }
    return nextReplicaStep(this.outlook).step;
  }

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
      case 'rest':
      case 'sleep':
      case 'expire':
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
        break;
      case 'reuse':
        this.to(index, 'starting');
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
        this.looks.set(index, ({ pause: 'paused', unpause: 'running', stop: 'exited' } as const)[step.by]);
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
    const condition = { ...INITIAL_CONDITION, observedGeneration: 1, retryAt: soon };
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

/** Every state of the first replica, of another one, and of both their containers, for all that can be wanted. */
function* models(fails?: (step: ReplicaStep) => boolean): Iterable<Model> {
  for (const state of STATES) {
    for (const desired of DESIRED) {
      for (const other of RECORDED) {
        for (const [at, look] of LOOKS.entries()) {
          for (const replicas of [1, 3]) {
            const lead = LOOKS[(at + RECORDED.indexOf(other)) % LOOKS.length]!;
            yield new Model(state, { state: desired, replicas }, lead, [[replica(1, other), look]], fails);
          }
        }
      }
    }
  }
}

/** More than the longest way there is, of three replicas. */
const MOST_STEPS = 60;
const END: Record<DesiredState, readonly string[]> = {
  enabled: ['enabled', 'stopped'],
  disabled: ['disabled'],
  running: ['running'],
  paused: ['paused'],
  stopped: ['stopped', 'enabled'],
  removed: ['removed'],
};

describe('the next step of several replicas', () => {
  it('brings all of them to what is wanted, whatever they are', () => {
    const astray: unknown[] = [];
    for (const sut of models()) {
      // What somebody had begun to remove goes to its end.
      const isGoing = sut.lifecycle.state === 'removing';
      const { state, replicas } = sut.lifecycle.desired;
      const last = sut.run(MOST_STEPS);
      const ends = isGoing ? ['removed'] : END[state];
      const [lead, ...others] = sut.summary;
      const isUp = (state === 'running' || state === 'paused') && !isGoing;
      const isComplete = isUp ? others.length === replicas - 1 : others.length < replicas;
      const isLeft = (lead === 'removed' || lead === 'disabled') && others.length > 0;
      const isAsWanted = sut.summary.every((one) => ends.includes(one)) && isComplete && !isLeft;
      if (last.kind !== 'rest' || !isAsWanted) astray.push([state, replicas, sut.trace, sut.summary, last]);
    }
    expect(astray).toEqual([]);
  });

  it('leaves nothing behind once the instance is gone, also where steps fail on the way', () => {
    expect.hasAssertions();
    for (const state of STATES) {
      for (const other of RECORDED) {
        for (const look of LOOKS) {
          let failures = 7;
          const gone = { state: 'removed', replicas: 2 } as const;
          const sut = new Model(
            state,
            gone,
            look,
            [[replica(1, other), look]],
            ({ step }) => step.kind !== 'move' && failures-- > 0,
          );
          sut.run(MOST_STEPS);
          expect([state, other, look, sut.trace, sut.summary]).toEqual([state, other, look, sut.trace, ['removed']]);
          expect([...sut.looks]).toEqual([[0, 'none']]);
        }
      }
    }
  });

  it.each([0, 1])(
    'does not go round in circles where everything of replica %d fails, and brings the other up',
    (ill) => {
      expect.hasAssertions();
      for (const other of RECORDED) {
        for (const look of LOOKS) {
          const sut = new Model(
            'running',
            { state: 'running', replicas: 2 },
            ill === 0 ? 'exited' : 'running',
            [[replica(1, other), ill === 0 && other === 'running' ? 'running' : look]],
            ({ replica: index, step }) => index === ill && step.kind !== 'move' && step.kind !== 'look',
          );
          const last = sut.run(MOST_STEPS * POLICY.limit);
          expect([other, look, sut.trace.slice(-9), last.kind]).toEqual([other, look, sut.trace.slice(-9), 'rest']);
          const states = sut.summary;
          // Another one is made only where the first one runs.
          if (ill === 0 && other === 'removing') expect(states).toHaveLength(1);
          else if (ill === 1) expect([other, look, states[0]]).toEqual([other, look, 'running']);
          else expect([other, look, states[1]]).toEqual([other, look, 'running']);
        }
      }
    },
  );

  it('is of the first replica first, and of the others first where the agent is to rest', () => {
    const up = [[replica(1, 'stopped'), 'exited'] as const];
    expect(
      nextReplicaStep(new Model('stopped', { state: 'running', replicas: 2 }, 'exited', up).outlook),
    ).toMatchObject({ replica: 0 });
    const down = [[replica(1, 'running'), 'running'] as const];
    const stopping = new Model('stopping', { state: 'stopped', replicas: 2 }, 'running', down);
    expect(nextReplicaStep(stopping.outlook)).toEqual({
      replica: 1,
      step: { kind: 'move', to: 'stopping', reason: 'requested' },
    });
    const restarting = new Model('stopping', { state: 'running', replicas: 2 }, 'running', down);
    expect(nextReplicaStep(restarting.outlook)).toEqual({ replica: 0, step: { kind: 'stop' } });
  });

  it('makes no others before the first one runs', () => {
    const sut = new Model('failed', { state: 'running', replicas: 3 }, 'none', []);
    sut.lifecycle = { ...sut.lifecycle, retryAt: soon, error: lifecycleError('IMAGE_NOT_FOUND', 'no'), failures: 1 };
    expect(nextReplicaStep(sut.outlook).step).toEqual({ kind: 'rest', until: soon });
  });

  it('rests until the first of them is tried again', () => {
    const waiting = [[replica(1, 'failed', { failures: 1, retryAt: soon }), 'none'] as const];
    const running = new Model('running', { state: 'running', replicas: 2 }, 'running', waiting);
    expect(nextReplicaStep(running.outlook).step).toEqual({ kind: 'rest', until: soon });
    expect(needsStep(running.outlook)).toBe(false);
    const left = [
      [replica(1, 'running', { retryAt: later, error: lifecycleError('RUNTIME_TIMEOUT', 'slow') }), 'none'] as const,
    ];
    const deferred = new Model('running', { state: 'running', replicas: 2 }, 'running', left);
    expect(nextReplicaStep(deferred.outlook).step).toEqual({ kind: 'rest', until: later });
  });

  it("keeps the first one's wait, which is when the instance is due, and none where that has given up", () => {
    const waiting = [[replica(1, 'failed', { failures: 1, retryAt: soon }), 'none'] as const];
    const sut = new Model('failed', { state: 'running', replicas: 2 }, 'exited', waiting);
    const error = lifecycleError('CONTAINER_EXITED', 'no');
    sut.lifecycle = { ...sut.lifecycle, failures: 2, retryAt: later, error };
    expect(nextReplicaStep(sut.outlook).step).toEqual({ kind: 'rest', until: later });
    sut.lifecycle = { ...sut.lifecycle, failures: POLICY.limit, retryAt: null };
    expect(nextReplicaStep(sut.outlook).step).toEqual({ kind: 'rest', until: soon });
  });

  it('tries again at once what failed before a new request', () => {
    const failed = [[replica(1, 'failed', { failures: 9, retryAt: later, observedGeneration: 0 }), 'none'] as const];
    const sut = new Model('running', { state: 'running', replicas: 2 }, 'running', failed);
    expect(nextReplicaStep(sut.outlook)).toEqual({
      replica: 1,
      step: { kind: 'move', to: 'creating', reason: 'retry' },
    });
  });

  it('has something to write where an error is over', () => {
    const error = lifecycleError('RUNTIME_TIMEOUT', 'slow');
    const over = [[replica(1, 'running', { error }), 'running'] as const];
    const sut = new Model('running', { state: 'running', replicas: 2 }, 'running', over);
    expect(nextReplicaStep(sut.outlook).step.kind).toBe('rest');
    expect(needsStep(sut.outlook)).toBe(true);
  });

  it('never puts one of the others to sleep by itself', () => {
    const sut = new Model('running', { state: 'running', replicas: 2 }, 'running', [
      [replica(1, 'running'), 'running'],
    ]);
    const { outlook } = sut;
    const idle = { ...outlook.instance, manifest: { idleTimeoutSeconds: 60 } };
    expect(nextReplicaStep({ ...outlook, instance: idle })).toEqual({ replica: 0, step: { kind: 'sleep' } });
    const busy = { ...idle, lifecycle: { ...idle.lifecycle, lastUsedAt: NOW } };
    expect(nextReplicaStep({ ...outlook, instance: busy }).step.kind).toBe('rest');
  });
});
