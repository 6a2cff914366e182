import type { Actor } from '../events/actor.js';
import type { DomainEvent } from '../events/domain-events.js';
import type { AgentInstanceId, ApiKeyId, TenantId, TerminalId } from '../ids.js';
import type { InstancePath } from '../lifecycle/lifecycle-records.js';
import type { Page, PageRequest } from '../page.js';
import type { Terminal, TerminalEnd } from './terminal.js';

/** The values of a terminal's environment until it is opened: sealed, so that the database alone gives nothing away. */
export interface SealedEnvironment {
  /** With the ticket. */
  readonly byTicket: string;
  /** With the API key; with nothing where none is needed. */
  readonly byKey: string;
}

export interface OpenedTerminal {
  readonly terminal: Terminal;
  readonly environment: SealedEnvironment;
}

export interface TerminalOutcome {
  readonly end: TerminalEnd;
  readonly exitCode: number | null;
}

/** A terminal that somebody asked to be closed. */
export interface ToClose {
  readonly id: TerminalId;
  readonly by: Actor;
}

/**
 * Where terminals are kept. An open one belongs to the Muster process that carries it, which says again and again that it is
 * there; one whose owner has fallen silent is lost. Each change is one conditional write. Times are the database's.
 */
export abstract class TerminalRecords {
  /** Inserts a terminal that waits. */
  abstract insert(terminal: Terminal, environment: SealedEnvironment): Promise<void>;
  /** Takes one away that still waits, as if it had never been. */
  abstract discard(id: TerminalId): Promise<void>;
  /** How many wait or are open: of the tenant, and of the agent. */
  abstract countLive(tenantId: TenantId, instanceId: AgentInstanceId): Promise<{ tenant: number; agent: number }>;
  /** waiting → open, for `ttlMs` this owner's, with its event. null: it does not wait any more, or not for this key. */
  abstract open(
    path: InstancePath,
    id: TerminalId,
    opening: { apiKeyId: ApiKeyId; owner: string; ttlMs: number },
    event: DomainEvent<'terminal.opened'>,
  ): Promise<OpenedTerminal | null>;
  /** Ends one that waits or is open, with its event. null: it had ended before. @throws OutboxFullError */
  abstract end(
    id: TerminalId,
    outcome: TerminalOutcome,
    event: DomainEvent<'terminal.closed'>,
  ): Promise<Terminal | null>;
  /** Those of these that are open, and this owner's, are its own for `ttlMs` more. */
  abstract renew(owner: string, ids: readonly TerminalId[], ttlMs: number): Promise<void>;
  /** Notes that an open terminal is to be closed. Whoever has it sees it. */
  abstract requestClose(id: TerminalId, by: Actor): Promise<void>;
  abstract findToClose(owner: string): Promise<readonly ToClose[]>;
  /** Open terminals whose owner has fallen silent. */
  abstract findLost(limit: number): Promise<readonly Terminal[]>;
  /** Takes away what nobody has connected to in time. */
  abstract discardStale(olderThanMs: number): Promise<void>;
  /** @throws NotFoundError */
  abstract get(path: InstancePath, id: TerminalId): Promise<Terminal>;
  /** Newest first. */
  abstract list(path: InstancePath, page: PageRequest): Promise<Page<Terminal>>;
}
