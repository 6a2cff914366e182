import type { Actor } from '../events/actor.js';
import type { AgentInstanceId, ApiKeyId, McpSessionId, ProjectId, TenantId } from '../ids.js';

/** opening: its server is being started, and nobody has been told of it. */
export const MCP_SESSION_STATES = ['opening', 'open', 'ended'] as const;
export type McpSessionState = (typeof MCP_SESSION_STATES)[number];

/** Why a session ended. server-ended: its program did, by itself or with its container. */
export const MCP_SESSION_ENDS = [
  'server-ended',
  'closed-by-request',
  'client-left',
  'refused',
  'protocol-error',
  'idle',
  'time-over',
  'access-lost',
  'shutting-down',
  'failed',
  'lost',
] as const;
export type McpSessionEnd = (typeof MCP_SESSION_ENDS)[number];

/** One client's conversation with an MCP server of its own: a program in an agent's container, as long as the session lasts. */
export interface McpSession {
  readonly id: McpSessionId;
  readonly tenantId: TenantId;
  readonly projectId: ProjectId;
  readonly instanceId: AgentInstanceId;
  /** Of the agent's replicas, the one that it is in for its life. */
  readonly replica: number;
  readonly command: readonly string[];
  readonly state: McpSessionState;
  /** The revision of MCP that client and server agreed on, such as 2025-11-25; null until the server has said it. */
  readonly protocolVersion: string | null;
  readonly end: McpSessionEnd | null;
  /** 128 + n after signal n; null while it runs, and when it did not end by itself. */
  readonly exitCode: number | null;
  /** The newest of what the server wrote beside its messages; null until it has ended. */
  readonly stderr: string | null;
  /** Whose it is: with no other key can it be used. */
  readonly apiKeyId: ApiKeyId;
  readonly createdBy: Actor;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}
