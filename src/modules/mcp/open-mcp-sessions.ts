import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import type { Actor } from '../../domain/events/actor.js';
import { Authenticator } from '../../domain/identity/authenticator.js';
import { holds, type Principal } from '../../domain/identity/principal.js';
import type { McpSessionId } from '../../domain/ids.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import { McpSessionRecords } from '../../domain/mcp/mcp-session-records.js';
import type { McpSession } from '../../domain/mcp/mcp-session.js';
import { Draining } from '../../platform/http/draining.js';
import { newOwner } from '../../platform/leases/new-owner.js';
import { McpSettings } from './mcp-settings.js';
import type { Conversation } from './wire/conversation.js';

/** A session that this process carries. */
export interface OpenMcpSession {
  readonly session: McpSession;
  /** What the client names it by (`Mcp-Session-Id`): not to be guessed, and told to nobody else. */
  readonly token: string;
  readonly conversation: Conversation;
  /** Resolves when its server is gone, or could not be ended. */
  gone: Promise<void>;
  closedBy: Actor | null;
}

/** The MCP sessions that this process carries: it says again and again that it is there, and ends those whose time has come. */
@Injectable()
export class OpenMcpSessions implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly owner = newOwner();
  private readonly logger = new Logger(OpenMcpSessions.name);
  private readonly open = new Map<string, OpenMcpSession>();
  private readonly owned = new Set<McpSessionId>();
  private readonly endings = new Set<Promise<unknown>>();
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly records: McpSessionRecords,
    private readonly authenticator: Authenticator,
    private readonly draining: Draining,
    private readonly settings: McpSettings,
  ) {}

  onApplicationBootstrap(): void {
    const { renewEveryMs, timesEveryMs, accessEveryMs, ownedMs } = this.settings;
    const every = (ms: number, work: () => Promise<void>): NodeJS.Timeout =>
      setInterval(() => void this.attempt(work), ms).unref();
    this.timers = [
      every(renewEveryMs, () => this.records.renew([...this.owned], { owner: this.owner, ttlMs: ownedMs })),
      every(accessEveryMs, () => this.closeWithoutAccess()),
      setInterval(() => {
        this.lookAtTimes();
      }, timesEveryMs).unref(),
    ];
    this.draining.signal.addEventListener('abort', () => {
      for (const { conversation } of this.open.values()) conversation.finish('shutting-down');
    });
  }

  /** Requests in flight are answered by now; what they left in containers is being ended. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.allSettled(this.endings);
  }

  /** Shutting down waits for this. */
  keepUntil(ending: Promise<unknown>): void {
    this.endings.add(ending);
    const forget = (): void => {
      this.endings.delete(ending);
    };
    ending.then(forget, forget);
  }

  /** From now on it is said of this session that this process is there for it; what nobody carries any more lapses, and is swept. */
  own(id: McpSessionId): void {
    this.owned.add(id);
  }

  disown(id: McpSessionId): void {
    this.owned.delete(id);
  }

  /** Whether this process is there for it, whatever the database says. */
  owns(id: McpSessionId): boolean {
    return this.owned.has(id);
  }

  enter(entry: OpenMcpSession): void {
    this.open.set(entry.token, entry);
    if (this.draining.signal.aborted) entry.conversation.finish('shutting-down');
  }

  /** From then on nobody finds it. */
  leave({ token }: OpenMcpSession): void {
    this.open.delete(token);
  }

  /**
   * The session of that name, if it is this agent's and this key's.
   * @throws NotFoundError: the client begins anew on that (MCP 2025-11-25, "Session Management")
   */
  get(caller: Principal, path: InstancePath, token: string): OpenMcpSession {
    const found = this.open.get(token);
    const session = found?.session;
    const isTheirs =
      session?.tenantId === caller.tenantId &&
      session.apiKeyId === caller.apiKeyId &&
      session.projectId === path.projectId &&
      session.instanceId === path.id;
    if (found === undefined || !isTheirs) throw new NotFoundError('MCP session', token.slice(0, 24));
    return found;
  }

  private lookAtTimes(): void {
    const { idleMs, longestMs } = this.settings;
    for (const { session, conversation } of this.open.values()) {
      if (Date.now() - session.createdAt.getTime() >= longestMs) conversation.finish('time-over');
      else if (conversation.unusedFor >= idleMs) conversation.finish('idle');
    }
  }

  /** A key that was revoked, has expired, or may no more: within the time that a verified key is trusted. */
  private async closeWithoutAccess(): Promise<void> {
    for (const { session, conversation } of [...this.open.values()]) {
      const found = await this.authenticator.recall(session.tenantId, session.apiKeyId);
      if (found.kind === 'refused' || !holds(found.principal, 'runs:execute')) conversation.finish('access-lost');
    }
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    if (this.owned.size === 0) return;
    try {
      await work();
    } catch (error) {
      this.logger.warn({ msg: 'MCP sessions could not be looked after; it is tried again', err: error });
    }
  }
}
