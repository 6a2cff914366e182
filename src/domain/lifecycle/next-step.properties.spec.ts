import { describe, expect, it } from '@jest/globals';
import type { AgentInstanceId, AgentSnapshotId, ProjectId, RunId, TenantId } from '../ids.js';
import type { ContainerObservation, ContainerState } from '../runtime/container-runtime.js';
import { LIFECYCLE_STATES, mayFollow, type DesiredState, type LifecycleState } from './lifecycle-states.js';
import { INITIAL_LIFECYCLE, type Lifecycle, type Sleep } from './lifecycle.js';
import type { ManagedInstance } from './managed-instance.js';
import { nextStep, type Step } from './next-step.js';
import { lifecycleError } from './recovery.js';
import { DEFAULT_RESTART_POLICY as POLICY, hasGivenUp } from './restart-policy.js';

const NOW = new Date('2026-01-31T12:00:00Z');
const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);

type Look = ContainerState | 'none';
const LOOKS = ['none', 'created', 'running', 'paused', 'exited', 'dead'] as const satisfies Look[];
const DESIRED = ['enabled', 'disabled', 'running', 'paused', 'stopped', 'removed'] as const satisfies DesiredState[];
const SLEEPS = [null, 'asleep', 'waking'] as const satisfies (Sleep | null)[];
/** What else an instance can be at the time. */
const CONDITIONS = {
  'nothing else': {},
  'idle for long': { lastUsedAt: ago(3600) },
  expired: { expiresAt: ago(1) },
  unhealthy: { healthCheck: { dueAt: NOW, failures: 99, detail: null } },
  'to be restarted': { restartToken: 1 },
  'after an outage': { error: lifecycleError('RUNTIME_UNAVAILABLE', 'away') },
  'to be filled': { seed: { snapshotId: 'e'.repeat(24) as AgentSnapshotId, revision: 2 } },
  'given up': { failures: 99, error: lifecycleError('CONTAINER_START_FAILED', 'no'), observedGeneration: 1 },
} as const satisfies Record<string, Partial<Lifecycle> & { restartToken?: number }>;

/** An instance and its container, as the steps change them: the whole of Muster and the engine, without either. */
class Model {
  readonly trace: string[] = [];

  constructor(
    public lifecycle: Lifecycle,
    public look: Look,
    private readonly inUse: boolean,
    /** Which steps fail, each time. */
    private readonly fails: (step: Step) => boolean,
  ) {}

  /** Steps until it rests, or the number is reached. */
  run(most: number): Step {
    for (let count = 0; count < most; count += 1) {
      const step = this.next();
      if (step.kind === 'rest') return step;
      this.trace.push(`${this.lifecycle.state}/${this.look}: ${step.kind}`);
      if (this.fails(step)) this.fail();
      else this.apply(step);
    }
    return this.next();
  }

  next(): Step {
    return nextStep({
      instance: this.instance(),
      container: this.container(),
      now: NOW,
      policy: POLICY,
      watchedSince: ago(60),
    });
  }

  instance(): ManagedInstance {
    return {
      id: 'a'.repeat(24) as AgentInstanceId,
      tenantId: 'b'.repeat(24) as TenantId,
      projectId: 'c'.repeat(24) as ProjectId,
      identifier: 'web-app-dev-1',
      manifest: { idleTimeoutSeconds: 60 },
      status: 'idle',
      pid: null,
      openRuns: this.inUse ? ['d'.repeat(24) as RunId] : [],
      revision: 1,
      removedAt: null,
      lifecycle: this.lifecycle,
    };
  }

  private apply(step: Step): void {
    const { state, desired } = this.lifecycle;
    switch (step.kind) {
      case 'look':
      case 'rest':
      case 'configure':
        this.configure();
        break;
      case 'move':
        this.to(step.to);
        break;
      case 'fail':
        this.fail();
        break;
      case 'create':
        this.look = 'created';
        this.to('starting', { replicas: [{ ...REPLICA, restartToken: desired.restartToken }] });
        break;
      case 'seed':
        this.look = 'none';
        this.lifecycle = { ...this.lifecycle, replicas: [], seed: null };
        break;
      case 'reuse':
        this.to('starting', { replicas: [{ ...REPLICA, restartToken: desired.restartToken }] });
        break;
      case 'launch':
        this.look = 'running';
        this.configure();
        this.to('running', { sleep: null, startedAt: NOW, error: null });
        break;
      case 'pause':
        this.look = 'paused';
        this.to('paused');
        break;
      case 'resume':
        this.look = 'running';
        this.to('running');
        break;
      case 'undo':
        this.look = { pause: 'paused', unpause: 'running', restoreLimits: 'running', stop: 'exited' }[step.by] as Look;
        break;
      case 'stop':
        if (this.look === 'running' || this.look === 'paused') this.look = 'exited';
        this.to('stopped', { error: null });
        break;
      case 'retire':
        this.look = 'none';
        this.to('disabled', { replicas: [] });
        break;
      case 'remove':
        this.look = 'none';
        this.to('removed', { replicas: [] });
        break;
      case 'sleep':
        this.to('stopping', { sleep: 'asleep' });
        break;
      case 'expire':
        this.lifecycle = { ...this.lifecycle, desired: { ...desired, state: 'removed' } };
        if (state !== 'removing') this.to('removing');
        break;
    }
  }

  private configure(): void {
    this.lifecycle = {
      ...this.lifecycle,
      replicas: this.lifecycle.replicas.map((replica) => ({ ...replica, configuredRevision: 1, pid: 7 })),
    };
  }

  private fail(): void {
    const { state, failures, desired } = this.lifecycle;
    // Where failed may not follow, the step is tried again later.
    if (!mayFollow(state, 'failed')) return;
    this.to('failed', {
      failures: failures + 1,
      error: lifecycleError('CONTAINER_START_FAILED', 'no'),
      observedGeneration: desired.generation,
      retryAt: ago(1),
    });
  }

  private to(state: LifecycleState, changes: Partial<Lifecycle> = {}): void {
    expect([this.lifecycle.state, state, mayFollow(this.lifecycle.state, state)]).toEqual([
      this.lifecycle.state,
      state,
      true,
    ]);
    const healthCheck = INITIAL_LIFECYCLE.healthCheck;
    this.lifecycle = { ...this.lifecycle, healthCheck, ...changes, state };
  }

  private container(): ContainerObservation | null {
    if (this.look === 'none') return null;
    const isUp = this.look === 'running' || this.look === 'paused';
    return {
      id: 'id',
      name: 'name',
      owner: null,
      specDigest: 'spec',
      state: this.look,
      pid: isUp ? 7 : null,
      startedAt: NOW,
      exitCode: isUp ? null : 1,
      finishedAt: isUp ? null : NOW,
      oomKilled: false,
    };
  }
}

const REPLICA = {
  index: 0,
  operator: 'docker',
  containerId: 'id',
  containerName: 'name',
  specDigest: 'spec',
  restartToken: 0,
  configuredRevision: 0,
  pid: null,
  state: 'starting',
  health: 'unknown',
  startedAt: null,
  endpoint: null,
} as const;

type Case = readonly [state: LifecycleState, desired: DesiredState, look: Look, sleep: Sleep | null];

const CASES: readonly Case[] = LIFECYCLE_STATES.flatMap((state) =>
  DESIRED.flatMap((desired) => LOOKS.flatMap((look) => SLEEPS.map((sleep): Case => [state, desired, look, sleep]))),
);

function model(
  [state, desired, look, sleep]: Case,
  condition: keyof typeof CONDITIONS,
  more: Partial<{ inUse: boolean; fails: (step: Step) => boolean }> = {},
): Model {
  const { restartToken = 0, ...changes }: Partial<Lifecycle> & { restartToken?: number } = CONDITIONS[condition];
  const lifecycle: Lifecycle = {
    ...INITIAL_LIFECYCLE,
    state,
    desired: { ...INITIAL_LIFECYCLE.desired, state: desired, generation: 1, restartToken },
    observedGeneration: 1,
    containerId: 'id',
    replicas: [REPLICA],
    startedAt: state === 'running' ? ago(3600) : null,
    sleep,
    ...changes,
  };
  return new Model(lifecycle, look, more.inUse ?? false, more.fails ?? (() => false));
}

/** More than the longest way there is. */
const MOST_STEPS = 15;
const END: Record<DesiredState, readonly LifecycleState[]> = {
  enabled: ['enabled', 'stopped'],
  disabled: ['disabled'],
  running: ['running'],
  paused: ['paused'],
  stopped: ['stopped', 'enabled'],
  removed: ['removed'],
};

describe.each(Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[])('whatever an agent is, %s', (condition) => {
  it('it comes to rest, as wanted, when nothing fails', () => {
    expect.hasAssertions();
    for (const of of CASES) {
      const sut = model(of, condition);
      const last = sut.run(MOST_STEPS);
      expect([of, sut.trace, last.kind]).toEqual([of, sut.trace, 'rest']);
      const { state, desired, sleep } = sut.lifecycle;
      // Asleep, given up, or removed all the same because its time was over or somebody had begun to.
      const isLeft = sleep === 'asleep' || (state === 'failed' && hasGivenUp(sut.lifecycle, POLICY));
      const ends = isLeft
        ? ['stopped', 'failed', 'enabled', 'removed', ...END[desired.state]]
        : [...END[desired.state], 'removed'];
      expect([of, sut.trace, ends.includes(state)]).toEqual([of, sut.trace, true]);
    }
  });

  it('destroy gets through, from everywhere, in use or not, at the first try that does not fail', () => {
    expect.hasAssertions();
    for (const [state, , look, sleep] of CASES) {
      for (const inUse of [false, true]) {
        let failures = 7;
        const sut = model([state, 'removed', look, sleep], condition, { inUse, fails: () => failures-- > 0 });
        sut.run(40);
        expect([state, look, sleep, sut.trace, sut.lifecycle.state]).toEqual([
          state,
          look,
          sleep,
          sut.trace,
          'removed',
        ]);
        expect(sut.look === 'none' || state === 'removed').toBe(true);
      }
    }
  });

  it('it does not go round in circles when everything fails: it rests, or waits for a time', () => {
    expect.hasAssertions();
    for (const of of CASES) {
      if (of[1] === 'removed') continue;
      const sut = model(of, condition, { fails: ({ kind }) => kind !== 'move' && kind !== 'look' });
      // What cannot fail (enabled, stopped) is tried again, one step at a time, with a wait in between.
      const last = sut.run(MOST_STEPS * POLICY.limit);
      const isTriedAgain = !mayFollow(sut.lifecycle.state, 'failed');
      expect([of, sut.trace.slice(-9), last.kind === 'rest' || isTriedAgain || last.kind === 'expire']).toEqual([
        of,
        sut.trace.slice(-9),
        true,
      ]);
    }
  });

  it('nothing that is in use is put to sleep or reaped', () => {
    expect.hasAssertions();
    for (const of of CASES) {
      const { kind } = model(of, condition, { inUse: true }).next();
      expect([of, kind]).not.toEqual([of, 'sleep']);
      expect([of, kind]).not.toEqual([of, 'expire']);
    }
  });
});

describe('an agent whose workspace is to be filled', () => {
  it('is not started, and has nothing of it running, before that is done', () => {
    expect.hasAssertions();
    for (const of of CASES) {
      const sut = model(of, 'to be filled');
      sut.run(MOST_STEPS);
      const filled = sut.trace.findIndex((step) => step.endsWith(': seed'));
      const before = filled < 0 ? sut.trace : sut.trace.slice(0, filled);
      const starts = before.filter((step) => /: (create|reuse|launch|resume)$/.test(step));
      expect([of, sut.trace, starts]).toEqual([of, sut.trace, []]);
      if (filled >= 0) expect(sut.trace[filled]).toMatch(/^creating/);
      const isFilled = sut.lifecycle.seed === null;
      const waits = ['removed', 'disabled'].includes(sut.lifecycle.state);
      expect([of, sut.trace, isFilled || waits]).toEqual([of, sut.trace, true]);
    }
  });
});
