import { describe, expect, it } from '@jest/globals';
import { NOW, replica, ReplicaModel, SOON, type Look } from '../../../test/support/replica-model.js';
import { LIFECYCLE_STATES, type DesiredState } from './lifecycle-states.js';
import { needsStep, nextReplicaStep, type ReplicaStep } from './next-replica-step.js';
import { lifecycleError } from './recovery.js';
import { DEFAULT_RESTART_POLICY as POLICY } from './restart-policy.js';

const LATER = new Date(NOW.getTime() + 9000);

const LOOKS = ['none', 'created', 'running', 'paused', 'exited', 'dead'] as const satisfies Look[];
const DESIRED = ['enabled', 'disabled', 'running', 'paused', 'stopped', 'removed'] as const satisfies DesiredState[];
const STATES = LIFECYCLE_STATES.filter((state) => state !== 'removed');
/** Those a replica beside the first is on record in. */
const RECORDED = STATES.filter((state) => state !== 'enabled' && state !== 'disabled');

/** Every state of the first replica, of another one, and of both their containers, for all that can be wanted. */
function* models(fails?: (step: ReplicaStep) => boolean): Iterable<ReplicaModel> {
  for (const state of STATES) {
    for (const desired of DESIRED) {
      for (const other of RECORDED) {
        for (const [at, look] of LOOKS.entries()) {
          for (const replicas of [1, 3]) {
            const lead = LOOKS[(at + RECORDED.indexOf(other)) % LOOKS.length]!;
            yield new ReplicaModel(state, { state: desired, replicas }, lead, [[replica(1, other), look]], fails);
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
          const sut = new ReplicaModel(
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
          const sut = new ReplicaModel(
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
      nextReplicaStep(new ReplicaModel('stopped', { state: 'running', replicas: 2 }, 'exited', up).outlook),
    ).toMatchObject({ replica: 0 });
    const down = [[replica(1, 'running'), 'running'] as const];
    const stopping = new ReplicaModel('stopping', { state: 'stopped', replicas: 2 }, 'running', down);
    expect(nextReplicaStep(stopping.outlook)).toEqual({
      replica: 1,
      step: { kind: 'move', to: 'stopping', reason: 'requested' },
    });
    const restarting = new ReplicaModel('stopping', { state: 'running', replicas: 2 }, 'running', down);
    expect(nextReplicaStep(restarting.outlook)).toEqual({ replica: 0, step: { kind: 'stop' } });
  });

  it('makes no others before the first one runs', () => {
    const sut = new ReplicaModel('failed', { state: 'running', replicas: 3 }, 'none', []);
    sut.lifecycle = { ...sut.lifecycle, retryAt: SOON, error: lifecycleError('IMAGE_NOT_FOUND', 'no'), failures: 1 };
    expect(nextReplicaStep(sut.outlook).step).toEqual({ kind: 'rest', until: SOON });
  });

  it('rests until the first of them is tried again', () => {
    const waiting = [[replica(1, 'failed', { failures: 1, retryAt: SOON }), 'none'] as const];
    const running = new ReplicaModel('running', { state: 'running', replicas: 2 }, 'running', waiting);
    expect(nextReplicaStep(running.outlook).step).toEqual({ kind: 'rest', until: SOON });
    expect(needsStep(running.outlook)).toBe(false);
    const left = [
      [replica(1, 'running', { retryAt: LATER, error: lifecycleError('RUNTIME_TIMEOUT', 'slow') }), 'none'] as const,
    ];
    const deferred = new ReplicaModel('running', { state: 'running', replicas: 2 }, 'running', left);
    expect(nextReplicaStep(deferred.outlook).step).toEqual({ kind: 'rest', until: LATER });
  });

  it("keeps the first one's wait, which is when the instance is due, and none where that has given up", () => {
    const waiting = [[replica(1, 'failed', { failures: 1, retryAt: SOON }), 'none'] as const];
    const sut = new ReplicaModel('failed', { state: 'running', replicas: 2 }, 'exited', waiting);
    const error = lifecycleError('CONTAINER_EXITED', 'no');
    sut.lifecycle = { ...sut.lifecycle, failures: 2, retryAt: LATER, error };
    expect(nextReplicaStep(sut.outlook).step).toEqual({ kind: 'rest', until: LATER });
    sut.lifecycle = { ...sut.lifecycle, failures: POLICY.limit, retryAt: null };
    expect(nextReplicaStep(sut.outlook).step).toEqual({ kind: 'rest', until: SOON });
  });

  it('tries again at once what failed before a new request', () => {
    const failed = [[replica(1, 'failed', { failures: 9, retryAt: LATER, observedGeneration: 0 }), 'none'] as const];
    const sut = new ReplicaModel('running', { state: 'running', replicas: 2 }, 'running', failed);
    expect(nextReplicaStep(sut.outlook)).toEqual({
      replica: 1,
      step: { kind: 'move', to: 'creating', reason: 'retry' },
    });
  });

  it('has something to write where an error is over', () => {
    const error = lifecycleError('RUNTIME_TIMEOUT', 'slow');
    const over = [[replica(1, 'running', { error }), 'running'] as const];
    const sut = new ReplicaModel('running', { state: 'running', replicas: 2 }, 'running', over);
    expect(nextReplicaStep(sut.outlook).step.kind).toBe('rest');
    expect(needsStep(sut.outlook)).toBe(true);
  });

  it('never puts one of the others to sleep by itself', () => {
    const sut = new ReplicaModel('running', { state: 'running', replicas: 2 }, 'running', [
      [replica(1, 'running'), 'running'],
    ]);
    const { outlook } = sut;
    const idle = { ...outlook.instance, manifest: { idleTimeoutSeconds: 60 } };
    expect(nextReplicaStep({ ...outlook, instance: idle })).toEqual({ replica: 0, step: { kind: 'sleep' } });
    const busy = { ...idle, lifecycle: { ...idle.lifecycle, lastUsedAt: NOW } };
    expect(nextReplicaStep({ ...outlook, instance: busy }).step.kind).toBe('rest');
  });
});
