import type { ProblemCode } from '../errors/problem-catalogue.js';
import type { AgentInstanceId, ProjectId, RunId, TenantId } from '../ids.js';

export const RUN_STATUSES = ['queued', 'running', 'passed', 'failed', 'cancelled', 'timed_out'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const RUN_TYPES = ['prompt', 'exec'] as const;
export type RunType = (typeof RUN_TYPES)[number];

/** What of a command is kept: neither its input nor the values of its environment, which may be secrets. */
export interface ExecDetails {
  readonly command: readonly string[];
  /** Absolute, in the container. */
  readonly cwd: string;
  readonly envNames: readonly string[];
  readonly timeoutSeconds: number;
}

/** What a command wrote to one of its streams. */
export interface StreamFacts {
  /** In all. */
  readonly bytes: number;
  /** Only the newest text is kept. */
  readonly truncated: boolean;
}

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
  /** Which of the agent's replicas does it. */
  readonly replica: number;
  readonly status: RunStatus;
  /** null for a command. */
  readonly input: string | null;
  /** null for anything but a command. */
  readonly exec: ExecDetails | null;
  readonly exitCode: number | null;
  /** The newest of it. */
  readonly stdout: string | null;
  readonly stderr: string | null;
  readonly stdoutFacts: StreamFacts | null;
  readonly stderrFacts: StreamFacts | null;
  /** What the agent answered. */
  readonly output: string | null;
  readonly usage: Usage | null;
  /** SHA-256, in hex, over the output's UTF-8 bytes, or all of a command's stdout: what several operators' answers are compared by. */
  readonly resultHash: string | null;
  readonly error: RunFailure | null;
  /** Which Muster process waits for the answer; when it is gone the run is lost. */
  readonly owner: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}
