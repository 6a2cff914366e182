import type { RunType } from './run.js';

/** Work for an agent's own program: its prompt is rendered, a model answers. */
export interface PromptRunRequest {
  readonly type: 'prompt';
  readonly input: string;
}

/** A command beside it, in the agent's container. */
export interface ExecRunRequest {
  readonly type: 'exec';
  readonly command: readonly string[];
  /** Absolute, in the container. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly timeoutSeconds: number;
}

/** What is asked of an agent, by type. */
export interface RunRequests {
  readonly prompt: PromptRunRequest;
  readonly exec: ExecRunRequest;
}

export type RunRequest = RunRequests[RunType];
