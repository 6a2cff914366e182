import { describe, expect, it } from '@jest/globals';
import { NOW, replica, ReplicaModel, SOON, type Look } from '../../../test/support/replica-model.js';
import { LIFECYCLE_STATES, type DesiredState } from './lifecycle-states.js';
import { needsStep, planReplicas, type ReplicasOutlook, type ReplicaStep } from './plan-replicas.js';
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

/** More begins and ends of steps than the longest way there is, of three replicas. */
const MOST_STEPS = 120;
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
      if (last.steps.length > 0 || !isAsWanted) astray.push([state, replicas, sut.trace, sut.summary, last]);
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
          expect([other, look, sut.trace.slice(-9), last.steps]).toEqual([other, look, sut.trace.slice(-9), []]);
          const states = sut.summary;
          // Another one is made only where the first one runs.
          if (ill === 0 && other === 'removing') expect(states).toHaveLength(1);
          else if (ill === 1) expect([other, look, states[0]]).toEqual([other, look, 'running']);
          else expect([other, look, states[1]]).toEqual([other, look, 'running']);
        }
      }
    },
  );

  it('has all that are there taken up together where the first one fails by itself or nobody asked anew', () => {
    const up = [1, 2].map((index) => [replica(index, 'stopped'), 'exited'] as const);
    const waking = new ReplicaModel('stopped', { state: 'running', replicas: 3 }, 'exited', up);
    expect(stepsOf(waking.outlook)).toEqual(['0:reuse', '1:reuse', '2:reuse']);
  });

  it('has the first one up before the others for a new request, and makes the others together then', () => {
    const up = [1, 2].map((index) => [replica(index, 'stopped'), 'exited'] as const);
    const sut = new ReplicaModel('stopped', { state: 'running', replicas: 5 }, 'exited', up);
    sut.lifecycle = { ...sut.lifecycle, observedGeneration: 0 };
    expect(stepsOf(sut.outlook)).toEqual(['0:reuse']);
    expect(stepsOf({ ...sut.outlook, inHand: new Set([0]) })).toEqual([]);
    sut.lifecycle = { ...sut.lifecycle, state: 'running' };
    expect(stepsOf({ ...sut.outlook, containers: new Map() })).toEqual(['0:look', '1:look', '2:look']);
    sut.looks.set(0, 'running');
    expect(stepsOf(sut.outlook)).toEqual(['1:reuse', '2:reuse', '3:move', '4:move']);
    expect(stepsOf({ ...sut.outlook, inHand: new Set([0, 2, 3]) })).toEqual(['1:reuse', '4:move']);
  });

  it('has no other one start while the first one may be running its hooks', () => {
    const failed = [[replica(1, 'stopped'), 'exited'] as const];
    const sut = new ReplicaModel('starting', { state: 'running', replicas: 2 }, 'created', failed);
    expect(stepsOf(sut.outlook)).toEqual(['0:launch', '1:reuse']);
    const hooked = { ...sut.outlook.instance, manifest: { hooks: { install: 'true' } } };
    expect(stepsOf({ ...sut.outlook, instance: hooked })).toEqual(['0:launch']);
  });

  it('takes the first one last where the agent is to rest', () => {
    const down = [[replica(1, 'running'), 'running'] as const];
    const stopping = new ReplicaModel('stopping', { state: 'stopped', replicas: 2 }, 'running', down);
    expect(planReplicas(stopping.outlook).steps).toEqual([
      { replica: 1, step: { kind: 'move', to: 'stopping', reason: 'requested' } },
    ]);
    expect(stepsOf({ ...stopping.outlook, inHand: new Set([1]) })).toEqual([]);
    stopping.lifecycle = { ...stopping.lifecycle, replicas: [replica(0, 'stopping'), replica(1, 'stopped')] };
    stopping.looks.set(1, 'exited');
    expect(stepsOf(stopping.outlook)).toEqual(['0:stop']);
  });

  it('restarts one after the other, whatever order their steps end in', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const up = [1, 2, 3].map((index) => [replica(index, 'running'), 'running'] as const);
      const sut = new ReplicaModel('running', { state: 'running', replicas: 4 }, 'running', up);
      const { desired } = sut.lifecycle;
      sut.lifecycle = { ...sut.lifecycle, desired: { ...desired, restartToken: 1, generation: 2 } };
      let most = 0;
      sut.onBegin = () => {
        most = Math.max(most, sut.summary.filter((state) => state !== 'running').length);
      };
      const last = sut.run(MOST_STEPS, choices(seed));
      expect([seed, last.steps, sut.summary, most]).toEqual([seed, [], Array(4).fill('running'), 1]);
      const restarted = sut.trace.filter((line) => line.endsWith('stop'));
      expect(restarted).toHaveLength(4);
    }
  });

  it('ends where it ends one after the other, whatever order steps end in, also where some fail', () => {
    let seed = 0;
    const astray: unknown[] = [];
    for (const fails of [
      () => false,
      ({ replica: index, step }: ReplicaStep) => index === 2 && step.kind !== 'move' && step.kind !== 'look',
    ]) {
      for (const sut of models(fails)) {
        seed += 1;
        const other = new ReplicaModel(
          sut.lifecycle.state,
          sut.lifecycle.desired,
          sut.looks.get(0)!,
          sut.lifecycle.replicas.slice(1).map((one) => [one, sut.looks.get(one.index)!] as const),
          fails,
        );
        other.onBegin = ({ replica: index, step }) => {
          const others = other.summary.length - 1;
          const isAlone = [...other.inHand.keys()].every((one) => one === index);
          const isLast = index === 0 && ['retire', 'remove'].includes(step.kind);
          const isNew = index > 0 && !other.lifecycle.replicas.some((one) => one.index === index);
          const runs = ['running', 'paused'].includes(other.lifecycle.state);
          if (isLast && (others > 0 || !isAlone)) astray.push(['too early', seed, other.trace]);
          if (isNew && !runs) astray.push(['before the first', seed, other.trace]);
        };
        const ends = [sut.run(MOST_STEPS * POLICY.limit), other.run(MOST_STEPS * POLICY.limit, choices(seed))];
        if (ends.some(({ steps }) => steps.length > 0) || String(sut.summary) !== String(other.summary))
          astray.push([seed, sut.trace, sut.summary, other.trace, other.summary]);
      }
    }
    expect(astray.slice(0, 3)).toEqual([]);
  });

  it('makes no others before the first one runs', () => {
    const sut = new ReplicaModel('failed', { state: 'running', replicas: 3 }, 'none', []);
    sut.lifecycle = { ...sut.lifecycle, retryAt: SOON, error: lifecycleError('IMAGE_NOT_FOUND', 'no'), failures: 1 };
    expect(planReplicas(sut.outlook)).toEqual({ steps: [], until: SOON, firstRetryAt: SOON });
  });

  it('rests until the first of them is tried again', () => {
    const waiting = [[replica(1, 'failed', { failures: 1, retryAt: SOON }), 'none'] as const];
    const running = new ReplicaModel('running', { state: 'running', replicas: 2 }, 'running', waiting);
    expect(planReplicas(running.outlook)).toEqual({ steps: [], until: SOON, firstRetryAt: null });
    expect(needsStep(running.outlook)).toBe(false);
    const left = [
      [replica(1, 'running', { retryAt: LATER, error: lifecycleError('RUNTIME_TIMEOUT', 'slow') }), 'none'] as const,
    ];
    const deferred = new ReplicaModel('running', { state: 'running', replicas: 2 }, 'running', left);
    expect(planReplicas(deferred.outlook)).toMatchObject({ steps: [], until: LATER });
  });

  it('leaves the first one as it is for as long as is said, and goes on with the others', () => {
    const failed = [[replica(1, 'failed', { failures: 1, retryAt: LATER }), 'none'] as const];
    const sut = new ReplicaModel('stopping', { state: 'stopped', replicas: 2 }, 'running', failed);
    expect(planReplicas({ ...sut.outlook, firstLeftUntil: SOON })).toMatchObject({
      steps: [{ replica: 1, step: { kind: 'move', to: 'stopped' } }],
      until: SOON,
    });
  });

  it('has each of them wait by itself: the first one too', () => {
    const waiting = [[replica(1, 'failed', { failures: 1, retryAt: SOON }), 'none'] as const];
    const sut = new ReplicaModel('failed', { state: 'running', replicas: 2 }, 'exited', waiting);
    const error = lifecycleError('CONTAINER_EXITED', 'no');
    sut.lifecycle = { ...sut.lifecycle, failures: 2, retryAt: LATER, error };
    expect(planReplicas(sut.outlook)).toEqual({ steps: [], until: SOON, firstRetryAt: LATER });
    // As it is on record then.
    sut.lifecycle = { ...sut.lifecycle, retryAt: SOON, firstRetryAt: LATER };
    expect(planReplicas(sut.outlook)).toEqual({ steps: [], until: SOON, firstRetryAt: LATER });
    expect(stepsOf({ ...sut.outlook, now: SOON })).toEqual(['1:move']);
    expect(stepsOf({ ...sut.outlook, now: LATER })).toEqual(['0:reuse', '1:move']);
    sut.lifecycle = { ...sut.lifecycle, failures: POLICY.limit, firstRetryAt: null, retryAt: null };
    expect(planReplicas(sut.outlook)).toEqual({ steps: [], until: SOON, firstRetryAt: null });
  });

  it('tries again at once what failed before a new request', () => {
    const failed = [[replica(1, 'failed', { failures: 9, retryAt: LATER, observedGeneration: 0 }), 'none'] as const];
    const sut = new ReplicaModel('running', { state: 'running', replicas: 2 }, 'running', failed);
    expect(planReplicas(sut.outlook).steps).toEqual([
      { replica: 1, step: { kind: 'move', to: 'creating', reason: 'retry' } },
    ]);
  });

  it('has something to write where an error is over', () => {
    const error = lifecycleError('RUNTIME_TIMEOUT', 'slow');
    const over = [[replica(1, 'running', { error }), 'running'] as const];
    const sut = new ReplicaModel('running', { state: 'running', replicas: 2 }, 'running', over);
    expect(planReplicas(sut.outlook).steps).toEqual([]);
    expect(needsStep(sut.outlook)).toBe(true);
  });

  it('never puts one of the others to sleep by itself', () => {
    const sut = new ReplicaModel('running', { state: 'running', replicas: 2 }, 'running', [
      [replica(1, 'running'), 'running'],
    ]);
    const { outlook } = sut;
    const idle = { ...outlook.instance, manifest: { idleTimeoutSeconds: 60 } };
    expect(planReplicas({ ...outlook, instance: idle }).steps).toEqual([{ replica: 0, step: { kind: 'sleep' } }]);
    const busy = { ...idle, lifecycle: { ...idle.lifecycle, lastUsedAt: NOW } };
    expect(planReplicas({ ...outlook, instance: busy }).steps).toEqual([]);
  });
});

const stepsOf = (outlook: ReplicasOutlook): string[] =>
  planReplicas(outlook).steps.map(({ replica: index, step }) => `${index}:${step.kind}`);

/** The same choices for the same seed. */
function choices(seed: number): (of: number) => number {
  let state = seed;
  return (of) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * of);
  };
}
