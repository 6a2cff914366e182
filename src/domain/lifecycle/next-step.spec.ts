import { describe, expect, it } from '@jest/globals';
import {
  newId,
  type AgentInstanceId,
  type InstallationId,
  type PoolMemberId,
  type ProjectId,
  type TenantId,
} from '../ids.js';
import type { ContainerObservation, ContainerState } from '../runtime/container-runtime.js';
import { LIFECYCLE_STATES, mayFollow, type DesiredState, type LifecycleState } from './lifecycle-states.js';
import { INITIAL_LIFECYCLE, type Lifecycle } from './lifecycle.js';
import type { ManagedInstance } from './managed-instance.js';
import { nextStep, type Step } from './next-step.js';
import { lifecycleError } from './recovery.js';
import { DEFAULT_RESTART_POLICY } from './restart-policy.js';

const NOW = new Date('2026-01-31T12:00:00Z');
const LATER = new Date('2026-01-31T12:00:10Z');

type Look = ContainerState | 'none' | 'unseen';

const DESIRED = ['enabled', 'disabled', 'running', 'paused', 'stopped', 'removed'] as const satisfies DesiredState[];
const LOOKS = ['unseen', 'none', 'created', 'running', 'paused', 'exited', 'dead'] as const satisfies Look[];

function instance(state: LifecycleState, desired: DesiredState, changes: Partial<Lifecycle> = {}): ManagedInstance {
  return {
    id: 'a'.repeat(24) as AgentInstanceId,
    tenantId: 'b'.repeat(24) as TenantId,
    projectId: 'c'.repeat(24) as ProjectId,
    identifier: 'web-app-dev-1',
    manifest: {},
    status: 'idle',
    pid: null,
    openRuns: [],
    revision: 3,
    removedAt: null,
    lifecycle: {
      ...INITIAL_LIFECYCLE,
      state,
      desired: { ...INITIAL_LIFECYCLE.desired, state: desired, generation: 1, restartToken: 2 },
      containerId: 'id',
      replicas: [
        {
          index: 0,
          operator: 'docker',
          containerId: 'id',
          containerName: 'name',
          specDigest: 'spec',
          restartToken: 2,
          configuredRevision: 3,
          pid: 7,
          state,
          health: 'healthy',
          startedAt: NOW,
          endpoint: 'unix',
        },
      ],
      ...changes,
    },
  };
}

function container(look: Look, pid: number | null = 7): ContainerObservation | null | undefined {
  if (look === 'unseen') return undefined;
  if (look === 'none') return null;
  const observed = {
    id: 'id',
    name: 'name',
    owner: null,
    specDigest: 'spec',
    startedAt: NOW,
    exitCode: null,
    finishedAt: null,
  };
  return { ...observed, state: look, pid, oomKilled: false };
}

const step = (of: ManagedInstance, look: Look = 'unseen', pid?: number): Step =>
  nextStep({
    instance: of,
    container: container(look, pid),
    now: NOW,
    policy: DEFAULT_RESTART_POLICY,
    watchedSince: null,
  });

/** A step in one word or two. */
const word = (next: Step): string => {
  if (next.kind === 'move') return `→ ${next.to}`;
  if (next.kind === 'undo') return `undo by ${next.by}`;
  if (next.kind === 'fail') return `fail ${next.code}`;
  return next.kind;
};

/** What comes next, by state and desired state; where it depends on the container, by what is seen, in the order of LOOKS. */
const TABLE: Record<LifecycleState, Record<DesiredState, string | readonly string[]>> = {
  enabled: { enabled: 'rest', disabled: '→ disabled', running: '→ creating', paused: '→ creating', stopped: 'rest', removed: '→ removing' },
  disabled: { enabled: '→ enabled', disabled: 'rest', running: '→ enabled', paused: '→ enabled', stopped: '→ enabled', removed: '→ removing' },
  creating: { enabled: '→ stopping', disabled: '→ stopping', running: 'create', paused: 'create', stopped: '→ stopping', removed: '→ removing' },
  starting: {
    enabled: '→ stopping',
    disabled: '→ stopping',
    running: ['look', 'fail CONTAINER_START_FAILED', 'launch', 'launch', 'launch', 'launch', 'fail CONTAINER_START_FAILED'],
    paused: ['look', 'fail CONTAINER_START_FAILED', 'launch', 'launch', 'launch', 'launch', 'fail CONTAINER_START_FAILED'],
    stopped: '→ stopping',
    removed: '→ removing',
  },
  running: {
    enabled: '→ stopping',
    disabled: '→ stopping',
    running: ['look', 'fail CONTAINER_EXITED', 'fail CONTAINER_EXITED', 'rest', 'undo by unpause', 'fail CONTAINER_EXITED', 'fail CONTAINER_EXITED'],
    paused: ['look', 'fail CONTAINER_EXITED', 'fail CONTAINER_EXITED', 'pause', 'pause', 'fail CONTAINER_EXITED', 'fail CONTAINER_EXITED'],
    stopped: '→ stopping',
    removed: '→ removing',
  },
  paused: {
    enabled: '→ stopping',
    disabled: '→ stopping',
    running: ['look', 'fail CONTAINER_EXITED', 'fail CONTAINER_EXITED', 'resume', 'resume', 'fail CONTAINER_EXITED', 'fail CONTAINER_EXITED'],
    paused: ['look', 'fail CONTAINER_EXITED', 'fail CONTAINER_EXITED', 'undo by pause', 'rest', 'fail CONTAINER_EXITED', 'fail CONTAINER_EXITED'],
    stopped: '→ stopping',
    removed: '→ removing',
  },
  stopping: { enabled: 'stop', disabled: 'stop', running: 'stop', paused: 'stop', stopped: 'stop', removed: '→ removing' },
  stopped: {
    enabled: ['look', 'rest', 'rest', 'undo by stop', 'undo by stop', 'rest', 'rest'],
    disabled: 'retire',
    running: ['look', '→ creating', 'reuse', 'reuse', 'reuse', 'reuse', '→ creating'],
    paused: ['look', '→ creating', 'reuse', 'reuse', 'reuse', 'reuse', '→ creating'],
    stopped: ['look', 'rest', 'rest', 'undo by stop', 'undo by stop', 'rest', 'rest'],
    removed: '→ removing',
  },
  failed: {
    enabled: ['look', '→ stopped', '→ stopped', 'undo by stop', 'undo by stop', '→ stopped', '→ stopped'],
    disabled: ['look', '→ stopped', '→ stopped', 'undo by stop', 'undo by stop', '→ stopped', '→ stopped'],
    running: '→ creating',
    paused: '→ creating',
    stopped: ['look', '→ stopped', '→ stopped', 'undo by stop', 'undo by stop', '→ stopped', '→ stopped'],
    removed: '→ removing',
  },
  removing: { enabled: 'remove', disabled: 'remove', running: 'remove', paused: 'remove', stopped: 'remove', removed: 'remove' },
  removed: { enabled: 'rest', disabled: 'rest', running: 'rest', paused: 'rest', stopped: 'rest', removed: 'rest' },
}; // prettier-ignore

describe('the next step', () => {
  const cases = LIFECYCLE_STATES.flatMap((state) =>
    DESIRED.flatMap((desired) =>
      LOOKS.map((look, index) => {
        const expected = TABLE[state][desired];
        return [state, desired, look, typeof expected === 'string' ? expected : expected[index]!] as const;
      }),
    ),
  );

  it.each(cases)('of %s, wanted %s, container %s: %s', (state, desired, look, expected) => {
    expect(word(step(instance(state, desired), look))).toBe(expected);
  });

  it.each(cases)('of %s, wanted %s, container %s is one the states allow', (state, desired, look) => {
    const next = step(instance(state, desired), look);
    if (next.kind === 'move') expect(mayFollow(state, next.to)).toBe(true);
    if (next.kind === 'fail') expect(mayFollow(state, 'failed')).toBe(true);
    expect(next.kind).not.toBe('');
  });

  it.each(['running', 'paused'] as const)('stops what is %s when a restart was asked for', (state) => {
    const of = instance(state, 'running', {
      desired: { ...instance(state, 'running').lifecycle.desired, restartToken: 3 },
    });
    expect(step(of)).toEqual({ kind: 'move', to: 'stopping', reason: 'restart-requested' });
  });

  it('tells a running agent of an edit, and a new process who it is', () => {
    const of = instance('running', 'running');
    expect(step({ ...of, revision: 4 }, 'running').kind).toBe('configure');
    expect(step(of, 'running', 8).kind).toBe('configure');
    expect(step(of, 'running', 7).kind).toBe('rest');
  });

  it('does not take an end during an outage for a failure', () => {
    const of = instance('running', 'running', { error: lifecycleError('RUNTIME_UNAVAILABLE', 'away') });
    expect(step(of, 'exited')).toEqual({ kind: 'move', to: 'stopping', reason: 'engine-outage' });
  });

  it('does not take an end that nobody watched, with a code that comes from outside, for a failure', () => {
    const seen = (changes: Partial<ContainerObservation>, watchedSince: Date | null = LATER): string =>
      word(
        nextStep({
          instance: instance('running', 'running'),
          container: { ...container('exited')!, finishedAt: NOW, exitCode: 137, ...changes },
          now: LATER,
          policy: DEFAULT_RESTART_POLICY,
          watchedSince,
        }),
      );
    expect([0, 137, 143, 255].map((exitCode) => seen({ exitCode }))).toEqual(Array(4).fill('→ stopping'));
    expect([1, 2, 139, null].map((exitCode) => seen({ exitCode }))).toEqual(Array(4).fill('fail CONTAINER_EXITED'));
    expect(seen({ oomKilled: true })).toBe('fail CONTAINER_OUT_OF_MEMORY');
    expect([seen({}, NOW), seen({}, null), seen({ finishedAt: null })]).toEqual(Array(3).fill('fail CONTAINER_EXITED'));
  });

  describe('with a container of the warm pool', () => {
    const owner = { installation: newId<InstallationId>(), pool: newId<PoolMemberId>() };
    const pooled = (of: ManagedInstance, look: Look, pid?: number): Step =>
      nextStep({
        instance: of,
        container: { ...container(look, pid)!, owner },
        now: NOW,
        policy: DEFAULT_RESTART_POLICY,
        watchedSince: null,
      });

    it('never starts it a second time', () => {
      expect(word(pooled(instance('starting', 'running'), 'running'))).toBe('launch');
      expect(word(pooled(instance('starting', 'running'), 'exited'))).toBe('fail CONTAINER_START_FAILED');
      expect(word(pooled(instance('stopped', 'running'), 'exited'))).toBe('→ creating');
      const error = lifecycleError('CONTAINER_EXITED', 'it ended');
      expect(word(pooled(instance('failed', 'running', { retryAt: NOW, error }), 'exited'))).toBe('→ creating');
    });

    it.each(['running', 'paused'] as const)('takes it for gone when somebody else did, while %s', (state) => {
      expect(word(pooled(instance(state, state), state, 7))).toBe('rest');
      expect(word(pooled(instance(state, state), state, 8))).toBe('fail CONTAINER_EXITED');
    });
  });

  describe('after a failure that was dealt with', () => {
    const failed = (changes: Partial<Lifecycle> = {}, desired: DesiredState = 'running'): ManagedInstance =>
      instance('failed', desired, {
        observedGeneration: 1,
        failures: 1,
        retryAt: LATER,
        error: lifecycleError('CONTAINER_START_FAILED', 'no'),
        ...changes,
      });

    it('waits for its time', () => {
      expect(step(failed())).toEqual({ kind: 'rest', until: LATER });
      expect(word(step(failed({ retryAt: NOW })))).toBe('→ creating');
    });

    it('does not wait when somebody asks anew', () => {
      expect(word(step(failed({ observedGeneration: 0 })))).toBe('→ creating');
    });

    it('gives up at the limit, and on what trying again does not heal', () => {
      expect(step(failed({ failures: 5, retryAt: NOW }))).toEqual({ kind: 'rest', until: null });
      const error = lifecycleError('MANIFEST_NOT_FOUND', 'no');
      expect(step(failed({ error, retryAt: NOW }))).toEqual({ kind: 'rest', until: null });
    });

    it('starts the same container again when its agent had run', () => {
      const of = failed({ retryAt: NOW, error: lifecycleError('CONTAINER_EXITED', 'it ended') });
      expect(step(of).kind).toBe('look');
      expect(step(of, 'exited').kind).toBe('reuse');
      expect(word(step(of, 'none'))).toBe('→ creating');
    });

    it('tells memory from other ends, and starts the same container again after either', () => {
      const ended: ContainerObservation = {
        ...container('exited')!,
        exitCode: 137,
        oomKilled: true,
      };
      const outlook = { container: ended, now: NOW, policy: DEFAULT_RESTART_POLICY, watchedSince: null };
      const running = nextStep({ ...outlook, instance: instance('running', 'running') });
      expect(word(running)).toBe('fail CONTAINER_OUT_OF_MEMORY');
      const error = lifecycleError('CONTAINER_OUT_OF_MEMORY', 'it ended');
      expect(nextStep({ ...outlook, instance: failed({ retryAt: NOW, error }) }).kind).toBe('reuse');
    });

    it('goes on removing for ever, with a wait in between', () => {
      expect(step(failed({ failures: 99 }, 'removed'))).toEqual({ kind: 'rest', until: LATER });
      expect(word(step(failed({ failures: 99, retryAt: NOW }, 'removed')))).toBe('→ removing');
    });
  });

  describe('of a container with a companion', () => {
    type End = ContainerState | 'missing';
    const of = (state: LifecycleState, look: ContainerState, end: End, desired: DesiredState = 'running'): string =>
      word(
        nextStep({
          instance: instance(state, desired),
          container: {
            ...container(look)!,
            companion: { id: 'companion', state: end, exitCode: null, oomKilled: false },
          },
          now: NOW,
          policy: DEFAULT_RESTART_POLICY,
          watchedSince: null,
        }),
      );

    it('is a rest while both run, and a failure with the code of what ended', () => {
      expect(of('running', 'running', 'running')).toBe('rest');
      expect(of('running', 'running', 'exited')).toBe('fail COMPANION_EXITED');
      expect(of('running', 'running', 'missing')).toBe('fail COMPANION_EXITED');
      expect(of('running', 'exited', 'running')).toBe('fail CONTAINER_EXITED');
      expect(of('running', 'exited', 'exited')).toBe('fail CONTAINER_EXITED');
    });

    it('starts both again where both are there, and makes both anew where one is not', () => {
      expect(of('stopped', 'exited', 'exited')).toBe('reuse');
      expect(of('stopped', 'exited', 'missing')).toBe('→ creating');
      expect(of('stopped', 'exited', 'dead')).toBe('→ creating');
    });

    it('ends either that somebody started by hand', () => {
      expect(of('stopped', 'exited', 'running', 'stopped')).toBe('undo by stop');
      expect(of('stopped', 'running', 'exited', 'stopped')).toBe('undo by stop');
      expect(of('stopped', 'exited', 'exited', 'stopped')).toBe('rest');
    });
  });
});
