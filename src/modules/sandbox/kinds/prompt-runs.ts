import { Injectable } from '@nestjs/common';
import type { RunResult } from '../../../domain/runs/run-records.js';
import type { PromptRunRequest } from '../../../domain/runs/run-request.js';
import { sha256 } from '../../../platform/crypto/digest.js';
import { LifecycleService } from '../../lifecycle/lifecycle.service.js';
import { SandboxSettings } from '../sandbox-settings.js';
import { RunKind, type RunDescription, type RunEnd, type RunWork } from './run-kind.js';

/** Runs of type prompt: the agent's own program answers. */
@Injectable()
export class PromptRuns extends RunKind<'prompt'> {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly settings: SandboxSettings,
  ) {
    super();
  }

  describe({ input }: PromptRunRequest): RunDescription {
    return { fields: { input, exec: null }, inputHash: sha256(input) };
  }

  limitMs(): number {
    return this.settings.runTimeoutMs;
  }

  assertPossible(): void {
    // Every agent answers prompts.
  }

  async perform({ run, request, instance, signal }: RunWork<'prompt'>): Promise<RunEnd> {
    const connection = await this.lifecycle.connectionTo(instance, run.replica);
    try {
      const { output, usage } = await connection.prompt({ runId: run.id, input: request.input }, signal);
      return { status: 'passed', output, usage, resultHash: sha256(output) };
    } catch (error) {
      this.lifecycle.connectionFailed(instance, run.replica, error);
      throw error;
    }
  }

  shown(): Partial<RunResult> {
    return {};
  }

  /** The agent noticed that the connection was cut, and does not go on. */
  async abandon(): Promise<void> {
    await Promise.resolve();
  }
}
