import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { OutboxFullError } from '../../../domain/errors/outbox-full.error.js';
import { isEndedCode } from '../../../domain/lifecycle/ended-by-itself.js';
import { LeaseLostError } from '../../../domain/lifecycle/lease-lost.error.js';
import { nextReplicaStep } from '../../../domain/lifecycle/next-replica-step.js';
import { mayFollow } from '../../../domain/lifecycle/lifecycle-states.js';
import type { Step } from '../../../domain/lifecycle/next-step.js';
import { followersOf, hasSpentError } from '../../../domain/lifecycle/replicas.js';
import { lifecycleError } from '../../../domain/lifecycle/recovery.js';
import { backOffMs, countFailure, hasGivenUp } from '../../../domain/lifecycle/restart-policy.js';
import type { ContainerObservation } from '../../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import { Telemetry, type StepOutcome } from '../../../domain/telemetry/telemetry.js';
import type { AgentInstanceId } from '../../../domain/ids.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import type { Seen } from '../steps/container-steps.js';
import { EngineWatch } from './engine-watch.js';
import type { Hold } from './hold.js';
import type { ReplicaHold } from './replica-hold.js';
import { StepRunner } from './step-runner.js';

/** More steps than any way of a replica through the states has: past it something goes round in circles. */
const MOST_STEPS = 40;

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

/** Brings one instance to what is wanted of it, one step after the other, under its lease. */
@Injectable()
export class InstanceWorker {
  private readonly logger = new Logger(InstanceWorker.name);
  /** How often in a row a replica was left as it is; only for how long to wait. */
  private readonly deferrals = new Map<AgentInstanceId, Map<number, number>>();

  constructor(
    private readonly runner: StepRunner,
    private readonly watch: EngineWatch,
    private readonly settings: LifecycleSettings,
    private readonly telemetry: Telemetry,
  ) {}

  /**
   * Resolves when nothing is left to do for now, or after the step in hand when `stopping` is aborted; the lease is given
   * back then. @throws LeaseLostError, OutboxFullError
   */
  async work(hold: Hold, stopping: AbortSignal): Promise<void> {
    const containers = new Map<number, ContainerObservation | null>();
    for (let count = 0; count < mostSteps(hold); count++) {
      hold.assertAlive();
      if (stopping.aborted) {
        await hold.release();
        return;
      }
      if (hold.interrupted.aborted) await hold.refresh();
      const { replica, step } = nextReplicaStep({
        instance: hold.instance,
        containers,
        now: new Date(),
        policy: this.settings.policy,
        watchedSince: this.watch.since,
      });
      if (step.kind === 'rest') {
        if (await this.settle(hold, step)) return;
        await hold.refresh();
        containers.clear();
        continue;
      }
      let seen: Seen;
      try {
        seen = await this.measured(step, () => this.runner.run(step, hold, replica, containers.get(replica)));
      } catch (error) {
        if (error instanceof LeaseLostError || error instanceof OutboxFullError) throw error;
        if (await this.cope(hold, replica, error)) return;
      }
      if (seen === undefined) containers.delete(replica);
      else containers.set(replica, seen);
    }
    throw new DomainError('INTERNAL', `Agent ${hold.instance.id} does not settle in ${hold.instance.lifecycle.state}.`);
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

  private async settle(hold: Hold, { until }: Extract<Step, { kind: 'rest' }>): Promise<boolean> {
    for (const replica of followersOf(hold.instance.lifecycle)) {
      if (hasSpentError(replica, new Date())) await hold.follower(replica.index).settle();
    }
    const { state, desired, error } = hold.instance.lifecycle;
    const settled = await hold.settle({
      retryAt: until,
      observedGeneration: desired.generation,
      // Only an error that was seen is over: an outage may be shown at this very moment.
      ...(state === 'failed' || error === null ? {} : { error: null }),
    });
    if (settled) this.forgetDeferrals(hold);
    return settled;
  }

  /** Of all but those that are left as they are still. */
  private forgetDeferrals({ instance: { id, lifecycle } }: Hold): void {
    const counts = this.deferrals.get(id) ?? new Map<number, number>();
    const left = followersOf(lifecycle).filter(({ condition }) => condition?.error && condition.retryAt !== null);
    const kept = left.map(({ index }) => [index, counts.get(index) ?? 0] as const);
    if (kept.length === 0) this.deferrals.delete(id);
    else this.deferrals.set(id, new Map(kept));
  }

  /** @returns whether the work ends here for now */
  private async cope(whole: Hold, replica: number, error: unknown): Promise<boolean> {
    const hold = whole.of(replica);
    if (!(error instanceof DomainError)) {
      // The database does not answer, or Muster has a fault: nothing can be said about the agent.
      throw error;
    }
    if (error instanceof RuntimeError) {
      if (error.failure === 'unavailable') return this.defer(whole, error);
      if (error.failure === 'timeout') return this.defer(hold, error);
      // Somebody took the container away, or changed it, between looking and acting: look again.
      if (error.failure === 'not-found') return false;
    }
    const { state } = hold.instance.lifecycle;
    // An agent that runs goes on running, whatever else goes wrong with it.
    const isUp = state === 'running' || state === 'paused';
    const endsWhatRuns = isEndedCode(error.code) || error.code === 'HEALTH_CHECK_FAILED';
    if (!mayFollow(state, 'failed') || (isUp && !endsWhatRuns)) return this.defer(hold, error);
    await this.fail(hold, error);
    return false;
  }

  /** The state stays, the trouble is shown, and it is tried again soon. */
  private async defer(hold: ReplicaHold, error: DomainError): Promise<boolean> {
    const { id } = hold.instance;
    const { replica } = hold;
    const counts = this.deferrals.get(id) ?? new Map<number, number>();
    const count = (counts.get(replica) ?? 0) + 1;
    this.deferrals.set(id, counts.set(replica, count));
    const { engineRetryMs: baseMs, engineRetryLongestMs: longestMs } = this.settings;
    const retryAt = new Date(Date.now() + backOffMs(count, { baseMs, longestMs }));
    const { code } = error;
    this.logger.warn({ msg: 'an agent is left as it is for now', agent: id, replica, code, count, err: error });
    return hold.defer(retryAt, lifecycleError(code, error.message));
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
    const isLast = lifecycle.desired.state !== 'removed' && failures >= policy.limit;
    const shown = lifecycleError(
      error.code,
      isLast ? `${error.message} That was failure ${failures} in a row; Muster has stopped trying.` : error.message,
    );
    const givesUp = lifecycle.desired.state !== 'removed' && hasGivenUp({ failures, error: shown }, policy);
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

const mostSteps = ({ instance: { lifecycle } }: Hold): number =>
  MOST_STEPS * Math.max(1, lifecycle.desired.replicas, lifecycle.replicas.length);

function outcomeOf(error: unknown): StepOutcome {
  if (error instanceof LeaseLostError || error instanceof OutboxFullError) return 'superseded';
  return error instanceof DomainError ? error.code : 'other';
}
