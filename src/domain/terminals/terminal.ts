import type { Actor } from '../events/actor.js';
import type { AgentInstanceId, ApiKeyId, ProjectId, TenantId, TerminalId } from '../ids.js';
import type { TerminalSize } from '../runtime/exec-session.js';

/** waiting: nobody has connected yet. */
export const TERMINAL_STATES = ['waiting', 'open', 'ended'] as const;
export type TerminalState = (typeof TERMINAL_STATES)[number];

/** Why a terminal ended. */
export const TERMINAL_ENDS = [
  'exited',
  'client-left',
  'client-silent',
  'protocol-error',
  'idle',
  'time-over',
  'access-lost',
  'closed-by-request',
  'shutting-down',
  'failed',
  'lost',
] as const;
export type TerminalEnd = (typeof TERMINAL_ENDS)[number];

/** A program in an agent's container with a terminal, for somebody who sits in front of it. */
export interface Terminal {
  readonly id: TerminalId;
  readonly tenantId: TenantId;
  readonly projectId: ProjectId;
  readonly instanceId: AgentInstanceId;
  /** In which of the agent's replicas. */
  readonly replica: number;
  readonly command: readonly string[];
  /** Absolute, in the container. */
  readonly cwd: string;
  readonly envNames: readonly string[];
  /** As it was asked for. */
  readonly size: TerminalSize;
  readonly state: TerminalState;
  readonly end: TerminalEnd | null;
  /** 128 + n after signal n; null while it runs, and when it did not end by itself. */
  readonly exitCode: number | null;
  /** Whose it is: only with this key, or a ticket that stands for it, can it be connected to. */
  readonly apiKeyId: ApiKeyId;
  readonly createdBy: Actor;
  readonly createdAt: Date;
  readonly openedAt: Date | null;
  readonly endedAt: Date | null;
}
