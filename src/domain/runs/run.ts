import type { ProblemCode } from '../errors/problem-catalogue.js';
import type { AgentInstanceId, ProjectId, RunId, TenantId } from '../ids.js';

export const RUN_STATUSES = ['queued', 'running', 'passed', 'failed', 'cancelled', 'timed_out'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** `prompt` only, for now. */
export type RunType = 'prompt';

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface RunFailure {
  readonly code: ProblemCode;
  readonly message: string;
}

/** One piece of work given to an agent. */
export interface Run {
  readonly id: RunId;
  readonly tenantId: TenantId;
  readonly projectId: ProjectId;
  readonly instanceId: AgentInstanceId;
  readonly type: RunType;
  readonly status: RunStatus;
  readonly input: string;
  readonly exitCode: number | null;
  readonly stdout: string | null;
  readonly stderr: string | null;
  /** What the agent answered. */
  readonly output: string | null;
  readonly usage: Usage | null;
  /** SHA-256, in hex, over the output's UTF-8 bytes: what several operators' answers are compared by. */
  readonly resultHash: string | null;
  readonly error: RunFailure | null;
  /** Which Muster process waits for the answer; when it is gone the run is lost. */
  readonly owner: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}
