import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import type { RunResult } from '../../../domain/runs/run-records.js';
import type { RunRequests } from '../../../domain/runs/run-request.js';
import type { Run, RunType } from '../../../domain/runs/run.js';
import type { RunOutput } from '../run-output.js';

/** What a run's record says of what was asked, and what the event log knows it by. */
export interface RunDescription {
  readonly fields: Pick<Run, 'input' | 'exec'>;
  /** SHA-256, in hex. */
  readonly inputHash: string;
}

export interface RunWork<T extends RunType> {
  readonly run: Run;
  readonly request: RunRequests[T];
  readonly instance: ManagedInstance;
  /** Takes what is written before the end. */
  readonly output: RunOutput;
  /** Aborted when it took too long, was cancelled, or Muster ends: nothing of the run may go on then. */
  readonly signal: AbortSignal;
}

export interface RunEnd extends Partial<RunResult> {
  readonly status: 'passed' | 'failed';
}

/** One type of run: what it is, how it is done. */
export abstract class RunKind<T extends RunType> {
  abstract describe(request: RunRequests[T]): RunDescription;
  /** How long it may take, waiting for its turn included. */
  abstract limitMs(request: RunRequests[T]): number;
  /** Whether this installation can do it. @throws RuntimeError unsupported */
  abstract assertPossible(): void;
  /** Does it. @throws the signal's reason when that is aborted, and what went wrong on the way */
  abstract perform(work: RunWork<T>): Promise<RunEnd>;
  /** What is shown of a run however it ended. */
  abstract shown(output: RunOutput): Partial<RunResult>;
  /** Ends what a run whose Muster process is gone has left in the agent's container. */
  abstract abandon(run: Run, instance: ManagedInstance): Promise<void>;
}
