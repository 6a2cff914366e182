import type { DomainEvent } from '../events/domain-events.js';
import type { RunId, TenantId } from '../ids.js';
import type { Page, PageRequest } from '../page.js';
import type { InstancePath } from '../lifecycle/lifecycle-records.js';
import type { Run } from './run.js';

/** How a run ended. */
export type RunOutcome = RunResult & {
  readonly status: 'passed' | 'failed' | 'cancelled' | 'timed_out';
};

/** What is there when a run has ended. */
export type RunResult = Pick<
  Run,
  'exitCode' | 'stdout' | 'stderr' | 'stdoutFacts' | 'stderrFacts' | 'output' | 'usage' | 'resultHash' | 'error'
>;

export const NO_RESULT: RunResult = {
  exitCode: null,
  stdout: null,
  stderr: null,
  stdoutFacts: null,
  stderrFacts: null,
  output: null,
  usage: null,
  resultHash: null,
  error: null,
};

/**
 * Where runs are kept. An open run (queued or running) belongs to the Muster process that waits for its answer, which
 * says again and again that it is there; a run whose owner has fallen silent is lost.
 */
export abstract class RunRecords {
  /** Inserts an open run, which is its owner's for `ttlMs`, with its event. */
  abstract insert(run: Run, ttlMs: number, event: DomainEvent<'run.started'>): Promise<void>;
  /** queued → running. false: it is not queued any more. */
  abstract begin(id: RunId, place: Pick<Run, 'replica'> & { readonly startedAt: Date }): Promise<boolean>;
  /** Ends an open run, with its event. null: it had ended before. @throws OutboxFullError */
  abstract end(id: RunId, outcome: RunOutcome, event: DomainEvent<'run.ended'>): Promise<Run | null>;
  /** Those of these that are open, and this owner's, are its own for `ttlMs` more. */
  abstract renew(owner: string, ids: readonly RunId[], ttlMs: number): Promise<void>;

  /** Notes that an open run is to be cancelled. Whoever has it sees it. */
  abstract requestCancel(id: RunId): Promise<void>;
  /** Open runs of this owner that are to be cancelled. */
  abstract findToCancel(owner: string): Promise<readonly RunId[]>;

  /** @throws NotFoundError */
  abstract get(path: InstancePath, id: RunId): Promise<Run>;
  /** Newest first. */
  abstract list(path: InstancePath, page: PageRequest): Promise<Page<Run>>;
  /** Open runs whose owner has fallen silent. */
  abstract findLost(limit: number): Promise<readonly Run[]>;
  /** Which of these are open. */
  abstract openAmong(tenantId: TenantId, ids: readonly RunId[]): Promise<ReadonlySet<RunId>>;
}
