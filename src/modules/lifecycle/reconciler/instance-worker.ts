import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { OutboxFullError } from '../../../domain/errors/outbox-full.error.js';
import { isEndedCode } from '../../../domain/lifecycle/ended-by-itself.js';
import { LeaseLostError } from '../../../domain/lifecycle/lease-lost.error.js';
import type { Settlement } from '../../../domain/lifecycle/lifecycle-records.js';
import { mayFollow } from '../../../domain/lifecycle/lifecycle-states.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import type { Step } from '../../../domain/lifecycle/next-step.js';
import { planReplicas, type ReplicasPlan, type ReplicaStep } from '../../../domain/lifecycle/plan-replicas.js';
import { followersOf, hasSpentError } from '../../../domain/lifecycle/replicas.js';
import { lifecycleError } from '../../../domain/lifecycle/recovery.js';
import { backOffMs, countFailure, hasGivenUp } from '../../../domain/lifecycle/restart-policy.js';
import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import { Telemetry, type StepOutcome } from '../../../domain/telemetry/telemetry.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import type { Seen } from '../steps/container-steps.js';
import { Deferrals, type Left } from './deferrals.js';
import { EngineWatch } from './engine-watch.js';
import { Hands } from './hands.js';
import type { Hold } from './hold.js';
import type { ReplicaHold } from './replica-hold.js';
import { StepRunner } from './step-runner.js';

/** More steps than any way of a replica through the states has, from one rest to the next: past it something goes round in circles. */
const MOST_STEPS = 40;

/** What is known in the course of the work on one instance. */
interface Work {
  readonly hold: Hold;
  readonly hands: Hands;
  /** Steps of each replica since it last had nothing to do. */
  readonly counts: Map<number, number>;
  firstLeft: Left | null;
  /** The engine is away. */
  outage: Left | null;
  /** What ends the work; no further step is taken. */
  broken: { readonly by: unknown } | null;
}

/** What goes wrong with an agent while its container runs. */
const LEAVES_A_CONTAINER = new Set([
  'HEALTH_CHECK_FAILED',
  'HEALTH_CHECK_TIMEOUT',
  'AGENT_SOCKET_UNSAFE',
  'COMPANION_EXITED',
  'AGENT_UNREACHABLE',
  // It runs by the time that it is given its secrets.
  'VARIABLE_MISSING',
  'SECRET_UNREADABLE',
  'RUNTIME_UNSUPPORTED',
]);

/** Brings one instance to what is wanted of it under its lease: each replica one step after the other, and all replicas together. */
@Injectable()
export class InstanceWorker {
  private readonly logger = new Logger(InstanceWorker.name);
  private readonly deferrals: Deferrals;

  constructor(
    private readonly runner: StepRunner,
    private readonly watch: EngineWatch,
    private readonly settings: LifecycleSettings,
    private readonly telemetry: Telemetry,
  ) {
    this.deferrals = new Deferrals(settings);
  }

  /**
   * Resolves when nothing is left to do for now, or after the steps in hand when `stopping` is aborted; the lease is given
   * back then. @throws LeaseLostError, OutboxFullError
   */
  async work(hold: Hold, stopping: AbortSignal): Promise<void> {
    const hands = new Hands(hold, this.settings.replicasAtOnce);
    const work: Work = { hold, hands, counts: new Map(), firstLeft: null, outage: null, broken: null };
    try {
      while (await this.goOn(work, stopping));
    } finally {
      // Whatever ended it: nothing goes on under a lease that is given back.
      if (!hands.areEmpty) hold.interrupt();
      await hands.rest();
    }
  }

  /** @returns whether there is more to do */
  private async goOn(work: Work, stopping: AbortSignal): Promise<boolean> {
    const { hold, hands } = work;
    hold.assertAlive();
    if (work.broken !== null) throw work.broken.by;
    if (stopping.aborted) {
      await hands.rest();
      await hold.release();
      return false;
    }
    const mustReread = hands.takeMustReread();
    if (hold.isOutdated) {
      work.firstLeft = null;
      work.outage = null;
      await hold.refresh();
    } else if (mustReread) await hold.refresh();
    if (work.outage !== null) return this.leave(work, work.outage);
    const plan = this.plan(work);
    for (const step of plan.steps) if (hands.hasRoomFor(step.replica)) this.begin(work, step);
    if (hands.areEmpty) return !(await this.settle(work, plan));
    await hands.change(plan.until);
    if (work.firstLeft !== null && work.firstLeft.until <= new Date()) work.firstLeft = null;
    return true;
  }

  private plan({ hold, hands, counts, firstLeft }: Work): ReplicasPlan {
    const inHand = hands.busy;
    const plan = planReplicas({
      instance: hold.instance,
      containers: hands.containers,
      inHand,
      firstLeftUntil: firstLeft?.until ?? null,
      now: new Date(),
      policy: this.settings.policy,
      watchedSince: this.watch.since,
    });
    const moving = new Set([...inHand, ...plan.steps.map(({ replica }) => replica)]);
    for (const replica of counts.keys()) if (!moving.has(replica)) counts.delete(replica);
    return plan;
  }

  private begin(work: Work, { replica, step }: ReplicaStep): void {
    const { hold, hands, counts } = work;
    const count = (counts.get(replica) ?? 0) + 1;
    counts.set(replica, count);
    if (count > MOST_STEPS) {
      const { id, lifecycle } = hold.instance;
      throw new DomainError('INTERNAL', `Replica ${replica} of agent ${id} does not settle; it is ${lifecycle.state}.`);
    }
    const container = hands.containers.get(replica);
    hands.take(replica, async () => {
      try {
        return await this.measured(step, () => this.runner.run(step, hold, replica, container));
      } catch (error) {
        await this.cope(work, replica, error).catch((by: unknown) => {
          work.broken ??= { by };
        });
        return undefined;
      }
    });
  }

  private async measured(step: Step, run: () => Promise<Seen>): Promise<Seen> {
    const began = performance.now();
    let outcome: StepOutcome = 'ok';
    try {
      return await run();
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      this.telemetry.stepped(step.kind, outcome, (performance.now() - began) / 1000);
    }
  }

  /** @returns false when something else is wanted meanwhile */
  private async settle(work: Work, { until, firstRetryAt }: ReplicasPlan): Promise<boolean> {
    const { hold, firstLeft } = work;
    for (const replica of followersOf(hold.instance.lifecycle)) {
      if (hasSpentError(replica, new Date())) await hold.follower(replica.index).settle();
    }
    const settled = await hold.settle({
      ...dueAt(until, firstRetryAt),
      ...outcomeFor(hold.instance, firstLeft),
    });
    if (settled && firstLeft === null) this.deferrals.forget(hold.instance);
    if (!settled) await this.lookAnew(work);
    return settled;
  }

  /** The engine is away: all that is under way meets that, too. @returns whether the work goes on all the same */
  private async leave(work: Work, { until, error }: Left): Promise<boolean> {
    await work.hands.rest();
    work.outage = null;
    if (work.broken !== null) return true;
    const settled = await work.hold.settle({ ...dueAt(until, this.plan(work).firstRetryAt), error });
    if (!settled) await this.lookAnew(work);
    return !settled;
  }

  private async lookAnew(work: Work): Promise<void> {
    await work.hold.refresh();
    work.hands.containers.clear();
    work.firstLeft = null;
  }

  /** Notes what becomes of a step that failed. @throws what ends the work */
  private async cope(work: Work, replica: number, error: unknown): Promise<void> {
    // Somebody else has it, or the log falls behind.
    if (error instanceof LeaseLostError || error instanceof OutboxFullError) throw error;
    // The database does not answer, or Muster has a fault: nothing can be said about the agent.
    if (!(error instanceof DomainError)) throw error;
    const hold = work.hold.of(replica);
    if (error instanceof RuntimeError) {
      if (error.failure === 'unavailable') {
        work.outage ??= this.deferrals.leave(hold.instance.id, 0, error);
        return;
      }
      if (error.failure === 'timeout') return this.defer(work, replica, error);
      // Somebody took the container away, or changed it, between looking and acting: look again.
      if (error.failure === 'not-found') return;
    }
    const { state } = hold.instance.lifecycle;
    // An agent that runs goes on running, whatever else goes wrong with it.
    const isUp = state === 'running' || state === 'paused';
    const endsWhatRuns = isEndedCode(error.code) || error.code === 'HEALTH_CHECK_FAILED';
    if (!mayFollow(state, 'failed') || (isUp && !endsWhatRuns)) return this.defer(work, replica, error);
    await this.fail(hold, error);
  }

  /** The state stays, the trouble is shown, and it is tried again soon. */
  private async defer(work: Work, replica: number, error: DomainError): Promise<void> {
    const left = this.deferrals.leave(work.hold.instance.id, replica, error);
    if (replica === 0) work.firstLeft = left;
    else await work.hold.follower(replica).defer(left.until, left.error);
  }

  private async fail(hold: ReplicaHold, error: DomainError): Promise<void> {
    const { instance } = hold;
    const { lifecycle } = instance;
    const hasCompanion = lifecycle.replicas.some(({ companionId = null }) => companionId !== null);
    if (LEAVES_A_CONTAINER.has(error.code) || hasCompanion)
      await this.endWhatIsLeft(hold, error.code !== 'HEALTH_CHECK_FAILED');
    const now = new Date();
    const { policy } = this.settings;
    const failures = countFailure(lifecycle, error.code, now, policy);
    const told = lifecycleError(error.code, error.message);
    const givesUp = lifecycle.desired.state !== 'removed' && hasGivenUp({ failures, error: told }, policy);
    const isLast = givesUp && failures >= policy.limit;
    const last = `${error.message} That was failure ${failures} in a row; Muster has stopped trying.`;
    const shown = isLast ? lifecycleError(error.code, last) : told;
    this.logger.warn({
      msg: 'an agent failed',
      agent: instance.id,
      replica: hold.replica,
      state: lifecycle.state,
      code: error.code,
      failures,
      err: error,
    });
    await hold.transition({
      to: 'failed',
      reason: error.code,
      error: shown,
      failures,
      observedGeneration: lifecycle.desired.generation,
      retryAt: givesUp ? null : new Date(now.getTime() + backOffMs(failures, policy)),
    });
  }

  private async endWhatIsLeft(hold: ReplicaHold, atOnce: boolean): Promise<void> {
    try {
      await this.runner.end(hold, { atOnce });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      // The next attempt removes it.
      this.logger.warn({ msg: 'a container whose agent is not healthy goes on', agent: hold.instance.id, err: error });
    }
  }
}

/** The instance is due by itself where its first replica waits for longer. */
const dueAt = (retryAt: Date | null, firstRetryAt: Date | null): Pick<Settlement, 'retryAt' | 'firstRetryAt'> =>
  retryAt !== null && firstRetryAt !== null && retryAt < firstRetryAt ? { retryAt, firstRetryAt } : { retryAt };

/** What is dealt with, or what it is left with. */
function outcomeFor({ lifecycle: { state, desired, error } }: ManagedInstance, left: Left | null): Partial<Settlement> {
  if (left !== null) return { error: left.error };
  return {
    observedGeneration: desired.generation,
    // Only an error that was seen is over: an outage may be shown at this very moment.
    ...(state === 'failed' || error === null ? {} : { error: null }),
  };
}

function outcomeOf(error: unknown): StepOutcome {
  if (error instanceof LeaseLostError || error instanceof OutboxFullError) return 'superseded';
  return error instanceof DomainError ? error.code : 'other';
}
