import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { ProblemCode } from '../../domain/errors/problem-catalogue.js';
import type { Use } from '../../domain/lifecycle/agent-use.js';
import { AgentRuns } from '../../domain/lifecycle/agent-runs.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { firstOne } from '../../domain/lifecycle/serving-replicas.js';
import { NO_RESULT, RunRecords, type RunOutcome } from '../../domain/runs/run-records.js';
import type { RunRequests } from '../../domain/runs/run-request.js';
import type { Run, RunType } from '../../domain/runs/run.js';
import type { RunKind } from './kinds/run-kind.js';
import { OpenRuns } from './open-runs.js';
import type { RunOutput } from './run-output.js';
import { SandboxSettings } from './sandbox-settings.js';

/** A run that is to be done. */
export interface Commission<T extends RunType> {
  readonly run: Run;
  readonly kind: RunKind<T>;
  readonly request: RunRequests[T];
  /** The one that was named; undefined: the first that can serve. */
  readonly replica: number | undefined;
  readonly path: InstancePath;
  /** The instance when the run is open on it already; null when it has to wait for its turn. */
  readonly begun: ManagedInstance | null;
  /** What keeps the agent, and wakes it, while the run waits; null when the open run does. */
  readonly use: Use | null;
  readonly output: RunOutput;
  readonly cancelled: AbortSignal;
}

/** Has an agent do one run, and tells how it ended. */
@Injectable()
export class RunExecution {
  constructor(
    private readonly agentRuns: AgentRuns,
    private readonly runs: RunRecords,
    private readonly open: OpenRuns,
    private readonly settings: SandboxSettings,
  ) {}

  async execute<T extends RunType>(commission: Commission<T>): Promise<RunOutcome> {
    const ended = await this.carryOut(commission);
    commission.output.end();
    return { ...NO_RESULT, ...commission.kind.shown(commission.output), ...ended };
  }

  private async carryOut<T extends RunType>(
    commission: Commission<T>,
  ): Promise<Partial<RunOutcome> & Pick<RunOutcome, 'status'>> {
    const { kind, request, output, cancelled } = commission;
    const limitMs = kind.limitMs(request);
    const limit = AbortSignal.timeout(limitMs);
    const signal = AbortSignal.any([limit, cancelled, this.open.ending]);
    try {
      const { run, instance } = await this.begun(commission, signal);
      return await kind.perform({ run, request, instance, output, signal });
    } catch (error) {
      if (!signal.aborted) return { status: 'failed', error: told(error) };
      if (cancelled.aborted) return { status: 'cancelled' };
      if (this.open.ending.aborted) return { status: 'failed', error: told(this.open.ending.reason) };
      const late = new DomainError('RUN_TIMEOUT', `It did not end within ${limitMs / 1000} s.`);
      return { status: 'timed_out', error: told(late) };
    }
  }

  /** The run once it is its turn, where it is done. */
  private async begun<T extends RunType>(
    { run, replica, path, begun, use }: Commission<T>,
    signal: AbortSignal,
  ): Promise<{ readonly run: Run; readonly instance: ManagedInstance }> {
    if (begun !== null) return { run, instance: begun };
    await use?.awake(signal, run.replica);
    for (;;) {
      const instance = await this.agentRuns.begin(path, run.id, this.settings.runsPerAgent);
      if (instance !== null) {
        const place = { startedAt: new Date(), replica: replica ?? firstOne(instance) };
        await this.runs.begin(run.id, place);
        return { run: { ...run, ...place }, instance };
      }
      await sleep(this.settings.turnPollMs, undefined, { signal });
    }
  }
}

/** What a run says about its failure: nothing from inside Muster. */
function told(error: unknown): { code: ProblemCode; message: string } {
  return error instanceof DomainError
    ? { code: error.code, message: error.message }
    : { code: 'INTERNAL', message: 'Something unexpected happened; it is in the log.' };
}
