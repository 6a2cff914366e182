import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { OutboxFullError } from '../../../domain/errors/outbox-full.error.js';
import { isEndedCode } from '../../../domain/lifecycle/ended-by-itself.js';
import { LeaseLostError } from '../../../domain/lifecycle/lease-lost.error.js';
import { mayFollow } from '../../../domain/lifecycle/lifecycle-states.js';
import { nextStep, type Step } from '../../../domain/lifecycle/next-step.js';
import { lifecycleError } from '../../../domain/lifecycle/recovery.js';
import { backOffMs, countFailure, hasGivenUp } from '../../../domain/lifecycle/restart-policy.js';
import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import { Telemetry, type StepOutcome } from '../../../domain/telemetry/telemetry.js';
import type { AgentInstanceId } from '../../../domain/ids.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import type { Seen } from '../steps/container-steps.js';
import { EngineWatch } from './engine-watch.js';
import type { Hold } from './hold.js';
import { StepRunner } from './step-runner.js';

/** More steps than any way through the states has: past it something goes round in circles. */
const MOST_STEPS = 40;

/** What goes wrong with an agent while its container runs. */
const LEAVES_A_CONTAINER = new Set([
  'HEALTH_CHECK_FAILED',
  'HEALTH_CHECK_TIMEOUT',
  'AGENT_SOCKET_UNSAFE',
  'COMPANION_EXITED',
  'AGENT_UNREACHABLE',
]);

/** Brings one instance to what is wanted of it, one step after the other, under its lease. */
@Injectable()
export class InstanceWorker {
  private readonly logger = new Logger(InstanceWorker.name);
  /** How often in a row an instance was left as it is; only for how long to wait. */
  private readonly deferrals = new Map<AgentInstanceId, number>();

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
    let container: Seen;
    for (let count = 0; count < MOST_STEPS; count++) {
      hold.assertAlive();
      if (stopping.aborted) {
        await hold.release();
        return;
      }
      if (hold.interrupted.aborted) await hold.refresh();
      const step = nextStep({
        instance: hold.instance,
        container,
        now: new Date(),
        policy: this.settings.policy,
        watchedSince: this.watch.since,
      });
      if (step.kind === 'rest') {
        if (await this.settle(hold, step)) return;
        await hold.refresh();
        container = undefined;
        continue;
      }
      try {
        container = await this.measured(step, () => this.runner.run(step, hold, container));
      } catch (error) {
        if (error instanceof LeaseLostError || error instanceof OutboxFullError) throw error;
        if (await this.cope(hold, error)) return;
        container = undefined;
      }
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
    const { state, desired, error } = hold.instance.lifecycle;
    const settled = await hold.settle({
      retryAt: until,
      observedGeneration: desired.generation,
      // Only an error that was seen is over: an outage may be shown at this very moment.
      ...(state === 'failed' || error === null ? {} : { error: null }),
    });
    if (settled) this.deferrals.delete(hold.instance.id);
    return settled;
  }

  /** @returns whether the work ends here for now */
  private async cope(hold: Hold, error: unknown): Promise<boolean> {
    if (!(error instanceof DomainError)) {
      // The database does not answer, or Muster has a fault: nothing can be said about the agent.
      throw error;
    }
    if (error instanceof RuntimeError) {
      if (error.failure === 'unavailable' || error.failure === 'timeout') return this.defer(hold, error);
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
  private async defer(hold: Hold, error: DomainError): Promise<boolean> {
    const { id } = hold.instance;
    const count = (this.deferrals.get(id) ?? 0) + 1;
    this.deferrals.set(id, count);
    const { engineRetryMs: baseMs, engineRetryLongestMs: longestMs } = this.settings;
    const retryAt = new Date(Date.now() + backOffMs(count, { baseMs, longestMs }));
    this.logger.warn({ msg: 'an agent is left as it is for now', agent: id, code: error.code, count, err: error });
    const settled = await hold.settle({ retryAt, error: lifecycleError(error.code, error.message) });
    if (!settled) await hold.refresh();
    return settled;
  }

  private async fail(hold: Hold, error: DomainError): Promise<void> {
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

  private async endWhatIsLeft(hold: Hold, atOnce: boolean): Promise<void> {
    try {
      await this.runner.end(hold, { atOnce });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      // The next attempt removes it.
      this.logger.warn({ msg: 'a container whose agent is not healthy goes on', agent: hold.instance.id, err: error });
    }
  }
}

function outcomeOf(error: unknown): StepOutcome {
  if (error instanceof LeaseLostError || error instanceof OutboxFullError) return 'superseded';
  return error instanceof DomainError ? error.code : 'other';
}
