import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { Actor } from '../../domain/events/actor.js';
import { domainEvent, type DomainEvent, type DomainEvents } from '../../domain/events/domain-events.js';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { newId, type TerminalId } from '../../domain/ids.js';
import { AgentUse } from '../../domain/lifecycle/agent-use.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import { assertThere } from '../../domain/lifecycle/replicas.js';
import { firstOne } from '../../domain/lifecycle/serving-replicas.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { Terminal } from '../../domain/terminals/terminal.js';
import { TerminalRecords, type TerminalOutcome } from '../../domain/terminals/terminal-records.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { API_PREFIX } from '../../platform/http/configure-http.js';
import { IdentityService } from '../identity/identity.service.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { OpenTerminals } from './open-terminals.js';
import { sealEnvironment } from './sealed-environment.js';
import type { TerminalRequest } from './terminal-request.js';
import { TerminalSettings } from './terminal-settings.js';

/** A terminal that waits, and how to connect to it. */
export interface WaitingTerminal {
  readonly terminal: Terminal;
  /** Where to. */
  readonly path: string;
  readonly ticket: string;
  readonly ticketExpiresAt: Date;
}

/** Terminals on record: asked for, listed, closed. TerminalGateway carries them. */
@Injectable()
export class TerminalsService {
  constructor(
    private readonly records: TerminalRecords,
    private readonly lifecycle: LifecycleService,
    private readonly use: AgentUse,
    private readonly runtime: ContainerRuntime,
    private readonly identity: IdentityService,
    private readonly open: OpenTerminals,
    private readonly bus: DomainEventBus,
    private readonly settings: TerminalSettings,
  ) {}

  /**
   * Makes a terminal, in one of the agent's replicas, that waits for its client; an agent that sleeps is woken for it.
   * @param named the replica; the first one that can serve unless given
   * @param key the API key as it was sent, '' when none was
   * @throws NotFoundError, also when there is no such replica; AgentNotRunningError, RuntimeError unsupported, DomainError TOO_MANY_TERMINALS
   */
  async create(
    caller: Principal,
    path: InstancePath,
    { command, cwd, env, size }: TerminalRequest,
    key: string,
    named?: number,
  ): Promise<WaitingTerminal> {
    const seen = await this.lifecycle.get(path);
    if (named !== undefined) assertThere(seen, named);
    if (!this.runtime.capabilities.exec) {
      throw new RuntimeError(
        'unsupported',
        `The ${this.runtime.name} runtime has no terminals in agents. Use a container engine (RUNTIME=docker).`,
      );
    }
    return this.use.during(path, async (instance) => {
      const id = newId<TerminalId>();
      const url = urlOf(path, id);
      const { ticket, expiresAt } = await this.identity.issueTicket(caller, url);
      const terminal: Terminal = {
        id,
        tenantId: path.tenantId,
        projectId: path.projectId,
        instanceId: path.id,
        replica: named ?? firstOne(instance),
        command,
        cwd,
        envNames: Object.keys(env),
        size,
        state: 'waiting',
        end: null,
        exitCode: null,
        apiKeyId: caller.apiKeyId,
        createdBy: actorOf(caller),
        createdAt: new Date(),
        openedAt: null,
        endedAt: null,
      };
      await this.records.insert(terminal, sealEnvironment(id, env, { ticket, key }));
      await this.assertRoom(terminal);
      return { terminal, path: url, ticket, ticketExpiresAt: expiresAt };
    });
  }

  /** @throws NotFoundError */
  async get(path: InstancePath, id: TerminalId): Promise<Terminal> {
    return this.records.get(path, id);
  }

  /** Newest first. @throws NotFoundError when there is no such agent */
  async list(path: InstancePath, page: PageRequest): Promise<Page<Terminal>> {
    await this.lifecycle.get(path);
    return this.records.list(path, page);
  }

  /** Ends a terminal, wherever it is carried; one that has ended stays as it is. @throws NotFoundError */
  async close(path: InstancePath, id: TerminalId, by: Actor): Promise<void> {
    const { state } = await this.records.get(path, id);
    if (state === 'ended') return;
    // It may be connected to just now: then it is asked to close.
    if (state === 'waiting') await this.records.discard(id);
    await this.records.requestClose(id, by);
    this.open.close(id, by);
  }

  /** Writes the end of one. null: it had ended before. */
  async end(terminal: Terminal, outcome: TerminalOutcome, by: Actor): Promise<Terminal | null> {
    const event = terminalEvent('terminal.closed', terminal, by, {
      terminalId: terminal.id,
      instanceId: terminal.instanceId,
      end: outcome.end,
    });
    const ended = await this.records.end(terminal.id, outcome, event);
    if (ended !== null) this.bus.publish(event);
    return ended;
  }

  /** Looked at once it is there: of those who ask at the same time, none goes over the limit. */
  private async assertRoom({ id, tenantId, instanceId }: Terminal): Promise<void> {
    const { perAgent, perTenant } = this.settings;
    const live = await this.records.countLive(tenantId, instanceId);
    if (live.agent <= perAgent && live.tenant <= perTenant) return;
    await this.records.discard(id);
    const [whose, limit] = live.agent > perAgent ? (['agent', perAgent] as const) : (['tenant', perTenant] as const);
    throw new DomainError(
      'TOO_MANY_TERMINALS',
      `This ${whose} can have ${limit} terminals at once. Close one, then ask again.`,
      { details: { scope: whose, limit } },
    );
  }
}

export const urlOf = ({ projectId, id }: InstancePath, terminal: TerminalId): string =>
  `/${API_PREFIX}/projects/${projectId}/agents/${id}/terminals/${terminal}`;

export const terminalEvent = <T extends 'terminal.opened' | 'terminal.closed'>(
  type: T,
  { id, tenantId }: Pick<Terminal, 'id' | 'tenantId'>,
  actor: Actor,
  data: DomainEvents[T],
): DomainEvent<T> => domainEvent(type, { tenantId, actor, subject: { type: 'terminal', id } }, data);
