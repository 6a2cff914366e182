import type { DomainEvent } from '../events/domain-events.js';
import type { AgentInstanceId, McpSessionId, TenantId } from '../ids.js';
import type { InstancePath } from '../lifecycle/lifecycle-records.js';
import type { Page, PageRequest } from '../page.js';
import type { McpSession, McpSessionEnd } from './mcp-session.js';

export interface McpOutcome {
  readonly end: McpSessionEnd;
  readonly exitCode: number | null;
  readonly stderr: string;
}

/** The Muster process that carries a session, and for how long it is believed to be there without saying so again. */
export interface McpOwnership {
  readonly owner: string;
  readonly ttlMs: number;
}

/**
 * Where MCP sessions are kept. One that has not ended belongs to the Muster process that carries it, which says again and again
 * that it is there; one whose owner has fallen silent is lost. Each change is one conditional write. Times are the database's.
 */
export abstract class McpSessionRecords {
  /** Inserts a session that is being opened. */
  abstract insert(session: McpSession, ownership: McpOwnership): Promise<void>;
  /** Takes one away that is still being opened, as if it had never been. */
  abstract discard(id: McpSessionId): Promise<void>;
  /** How many have not ended: of the tenant, and of the agent. */
  abstract countLive(tenantId: TenantId, instanceId: AgentInstanceId): Promise<{ tenant: number; agent: number }>;
  /** opening → open, with its event. false: it is not being opened any more. */
  abstract open(id: McpSessionId, event: DomainEvent<'mcp-session.opened'>): Promise<boolean>;
  /** Notes the revision that client and server agreed on. */
  abstract agreed(id: McpSessionId, protocolVersion: string): Promise<void>;
  /** Ends an open one, with its event. false: it was not open. @throws OutboxFullError */
  abstract end(id: McpSessionId, outcome: McpOutcome, event: DomainEvent<'mcp-session.closed'>): Promise<boolean>;
  /** Those of these that have not ended, and are this owner's, are its own for `ttlMs` more. */
  abstract renew(ids: readonly McpSessionId[], ownership: McpOwnership): Promise<void>;
  /** Sessions that have not ended and whose owner has fallen silent. */
  abstract findLost(limit: number): Promise<readonly McpSession[]>;
  /** Newest first. */
  abstract list(path: InstancePath, page: PageRequest): Promise<Page<McpSession>>;
}
