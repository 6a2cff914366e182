import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { ProblemCode } from '../../domain/errors/problem-catalogue.js';
import type { Use } from '../../domain/lifecycle/agent-use.js';
import { LifecycleRecords, type InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { RunRecords, type RunOutcome } from '../../domain/runs/run-records.js';
import type { Run } from '../../domain/runs/run.js';
import { AgentUnreachableError } from '../../domain/runtime/runtime-errors.js';
import { sha256 } from '../../platform/crypto/digest.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { OpenRuns } from './open-runs.js';
import { SandboxSettings } from './sandbox-settings.js';

/** Has an agent do one run, and tells how it ended. */
@Injectable()
export class RunExecution {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly instances: LifecycleRecords,
    private readonly runs: RunRecords,
    private readonly open: OpenRuns,
    private readonly settings: SandboxSettings,
  ) {}

  /**
   * @param begun the instance when the run is open on it already; null when it has to wait for its turn
   * @param use what keeps the agent, and wakes it, meanwhile
   */
  async execute(run: Run, path: InstancePath, begun: ManagedInstance | null, use: Use | null): Promise<RunOutcome> {
    const limit = AbortSignal.timeout(this.settings.runTimeoutMs);
    const signal = AbortSignal.any([limit, this.open.ending]);
    try {
      const instance = begun ?? (await this.waitForTurn(run, path, use, signal));
      const { output, usage } = await this.prompt(run, instance, signal);
      return { status: 'passed', output, usage, resultHash: sha256(output), error: null };
    } catch (error) {
      if (this.open.ending.aborted) return failed('failed', this.open.ending.reason);
      if (!limit.aborted) return failed('failed', error);
      const seconds = this.settings.runTimeoutMs / 1000;
      return failed('timed_out', new DomainError('RUN_TIMEOUT', `The agent did not answer within ${seconds} s.`));
    }
  }

  private async waitForTurn(
    run: Run,
    path: InstancePath,
    use: Use | null,
    signal: AbortSignal,
  ): Promise<ManagedInstance> {
    await use?.awake(signal);
    for (;;) {
      const instance = await this.instances.beginRun(path, run.id, this.settings.runsPerAgent);
      if (instance !== null) {
        await this.runs.begin(run.id, new Date());
        return instance;
      }
      await sleep(this.settings.turnPollMs, undefined, { signal });
    }
  }

  private async prompt(
    run: Run,
    instance: ManagedInstance,
    signal: AbortSignal,
  ): Promise<{ output: string; usage: Run['usage'] }> {
    const connection = await this.lifecycle.connectionTo(instance);
    try {
      return await connection.prompt({ runId: run.id, input: run.input }, signal);
    } catch (error) {
      if (error instanceof AgentUnreachableError) this.lifecycle.dropConnectionTo(instance);
      throw error;
    }
  }
}

const failed = (status: 'failed' | 'timed_out', error: unknown): RunOutcome => ({
  status,
  output: null,
  usage: null,
  resultHash: null,
  error: told(error),
});

/** What a run says about its failure: nothing from inside Muster. */
function told(error: unknown): { code: ProblemCode; message: string } {
  return error instanceof DomainError
    ? { code: error.code, message: error.message }
    : { code: 'INTERNAL', message: 'Something unexpected happened; it is in the log.' };
}
