import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { Actor } from '../../domain/events/actor.js';
import { domainEvent, type DomainEvent, type DomainEvents } from '../../domain/events/domain-events.js';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { newId, type McpSessionId } from '../../domain/ids.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import { McpSessionRecords, type McpOutcome } from '../../domain/mcp/mcp-session-records.js';
import type { McpSession } from '../../domain/mcp/mcp-session.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { McpSettings } from './mcp-settings.js';

/** What is on record of MCP sessions: each change with its event, and how many there may be. */
@Injectable()
export class McpSessionLog {
  constructor(
    private readonly records: McpSessionRecords,
    private readonly bus: DomainEventBus,
    private readonly settings: McpSettings,
  ) {}

  /**
   * A place for a session that is about to be opened. Counted once it is there: of those who ask at the same time, none goes over the limit.
   * @throws DomainError TOO_MANY_MCP_SESSIONS
   */
  async begin(
    caller: Principal,
    path: InstancePath,
    { command, replica, owner }: Pick<McpSession, 'command' | 'replica'> & { readonly owner: string },
  ): Promise<McpSession> {
    const { perAgent, perTenant, ownedMs } = this.settings;
    const session: McpSession = {
      id: newId<McpSessionId>(),
      tenantId: path.tenantId,
      projectId: path.projectId,
      instanceId: path.id,
      replica,
      command,
      state: 'opening',
      protocolVersion: null,
      end: null,
      exitCode: null,
      stderr: null,
      apiKeyId: caller.apiKeyId,
      createdBy: actorOf(caller),
      createdAt: new Date(),
      endedAt: null,
    };
    await this.records.insert(session, { owner, ttlMs: ownedMs });
    const live = await this.records.countLive(session.tenantId, session.instanceId);
    if (live.agent <= perAgent && live.tenant <= perTenant) return session;
    await this.records.discard(session.id);
    const [whose, limit] = live.agent > perAgent ? (['agent', perAgent] as const) : (['tenant', perTenant] as const);
    throw new DomainError(
      'TOO_MANY_MCP_SESSIONS',
      `This ${whose} can have ${limit} MCP sessions at once. End one with DELETE, then begin again.`,
      { details: { scope: whose, limit } },
    );
  }

  /** @returns whether it is open now; false: it was taken for lost meanwhile */
  async open(session: McpSession): Promise<boolean> {
    const event = eventOf('mcp-session.opened', session, session.createdBy, {
      sessionId: session.id,
      instanceId: session.instanceId,
    });
    const isOpen = await this.records.open(session.id, event);
    if (isOpen) this.bus.publish(event);
    return isOpen;
  }

  async end(session: McpSession, outcome: McpOutcome, by: Actor): Promise<void> {
    const event = eventOf('mcp-session.closed', session, by, {
      sessionId: session.id,
      instanceId: session.instanceId,
      end: outcome.end,
    });
    if (await this.records.end(session.id, outcome, event)) this.bus.publish(event);
  }
}

const eventOf = <T extends 'mcp-session.opened' | 'mcp-session.closed'>(
  type: T,
  { id, tenantId }: McpSession,
  actor: Actor,
  data: DomainEvents[T],
): DomainEvent<T> => domainEvent(type, { tenantId, actor, subject: { type: 'mcp-session', id } }, data);
