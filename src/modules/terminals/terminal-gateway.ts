import { Injectable, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WebSocketServer, type WebSocket } from 'ws';
import { DomainError } from '../../domain/errors/domain-error.js';
import { systemActor, type Actor } from '../../domain/events/actor.js';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import type { TerminalId } from '../../domain/ids.js';
import { AgentUse, type Use } from '../../domain/lifecycle/agent-use.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import { ContainerRuntime, type ContainerAddress } from '../../domain/runtime/container-runtime.js';
import type { ExecSession } from '../../domain/runtime/exec-session.js';
import { TerminalRecords, type OpenedTerminal, type TerminalOutcome } from '../../domain/terminals/terminal-records.js';
import type { Terminal } from '../../domain/terminals/terminal.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import type { Upgrade } from '../../platform/http/upgrades.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { OpenTerminals } from './open-terminals.js';
import { openEnvironment, type Proof } from './sealed-environment.js';
import { TerminalLine } from './terminal-line.js';
import { TerminalSettings } from './terminal-settings.js';
import { terminalEvent, TerminalsService } from './terminals.service.js';
import { assertHandshake } from './websocket-handshake.js';

const LARGEST_MESSAGE_BYTES = 64 * 1024;
const MUSTER = systemActor('terminals');

interface Started {
  readonly terminal: Terminal;
  readonly container: string;
  readonly use: Use;
  readonly session: ExecSession;
}

/** Connects clients to the terminals that wait for them. */
@Injectable()
export class TerminalGateway {
  private readonly logger = new Logger(TerminalGateway.name);
  private readonly sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: LARGEST_MESSAGE_BYTES,
  });

  constructor(
    private readonly records: TerminalRecords,
    private readonly terminals: TerminalsService,
    private readonly open: OpenTerminals,
    private readonly use: AgentUse,
    private readonly runtime: ContainerRuntime,
    private readonly lifecycle: LifecycleService,
    private readonly bus: DomainEventBus,
    private readonly settings: TerminalSettings,
  ) {
    // What a client does wrong before there is a WebSocket ends its connection; carry() sees that there is none.
    this.sockets.on('wsClientError', (_error, socket) => socket.destroy());
  }

  /**
   * Opens the terminal, then takes the connection over. What goes wrong before that is an ordinary problem.
   * @throws NotFoundError, AgentNotRunningError, RuntimeError, DomainError UPGRADE_INVALID, TERMINAL_NOT_WAITING, FORBIDDEN
   */
  async connect(
    caller: Principal,
    path: InstancePath,
    id: TerminalId,
    {
      request,
      reply,
      upgrade,
      proof,
    }: { request: FastifyRequest; reply: FastifyReply; upgrade: Upgrade; proof: Proof },
  ): Promise<void> {
    assertHandshake(request, this.settings.origins);
    const { replica } = await this.records.get(path, id);
    const use = await this.use.hold(path);
    let opened: OpenedTerminal | null = null;
    try {
      const container = await this.lifecycle.addressOf(await use.awake(undefined, replica), replica);
      opened = await this.begin(caller, path, id);
      const session = await this.start(opened, container, proof);
      const started = { terminal: opened.terminal, container: container.id, use, session };
      reply.hijack();
      this.open.keepUntil(this.carry(started, request, upgrade));
    } catch (error) {
      if (opened !== null) await this.end(opened.terminal, { end: 'failed', exitCode: null }, MUSTER);
      await use.release();
      throw error;
    }
  }

  private async begin(caller: Principal, path: InstancePath, id: TerminalId): Promise<OpenedTerminal> {
    const { tenantId, apiKeyId } = caller;
    const event = terminalEvent('terminal.opened', { id, tenantId }, actorOf(caller), {
      terminalId: id,
      instanceId: path.id,
    });
    const opening = { apiKeyId, owner: this.open.owner, ttlMs: this.settings.ownedMs };
    const opened = await this.records.open(path, id, opening, event);
    if (opened === null) {
      throw new DomainError(
        'TERMINAL_NOT_WAITING',
        `The terminal ${id} was connected to before, is over, or belongs to another key. Ask for a new one.`,
        { details: { id } },
      );
    }
    this.open.own(id);
    this.bus.publish(event);
    return opened;
  }

  private async start(
    { terminal, environment }: OpenedTerminal,
    container: ContainerAddress,
    proof: Proof,
  ): Promise<ExecSession> {
    const { id, command, cwd, size } = terminal;
    const env = openEnvironment(id, environment, proof);
    if (env === null) {
      throw new DomainError('TERMINAL_NOT_WAITING', `The terminal ${id} opens only to its ticket.`, {
        details: { id },
      });
    }
    return this.runtime.exec(container, { id, command, cwd, env: { TERM: 'xterm-256color', ...env }, terminal: size });
  }

  /** From the handshake to the last process of it. Never rejects. */
  private async carry(started: Started, request: FastifyRequest, { socket, head }: Upgrade): Promise<void> {
    const { terminal, session, use } = started;
    let outcome: TerminalOutcome = { end: 'client-left', exitCode: null };
    try {
      const accepted: WebSocket[] = [];
      this.sockets.handleUpgrade(request.raw, socket, head, (client) => {
        accepted.push(client);
      });
      const [client] = accepted;
      if (client !== undefined) {
        const line = new TerminalLine(client, session, this.settings);
        this.open.enter(terminal, line);
        outcome = await line.run();
      }
    } catch (error) {
      outcome = { end: 'failed', exitCode: null };
      this.logger.error({ msg: 'a terminal broke off', terminal: terminal.id, err: error });
    }
    session.close();
    const by = this.open.leave(terminal.id) ?? (outcome.end === 'client-left' ? terminal.createdBy : MUSTER);
    await this.cleanUp(started, outcome);
    await this.end(terminal, outcome, by);
    await use.release();
  }

  /** Whatever comes of it, this process has nothing to do with it any more. */
  private async end(terminal: Terminal, outcome: TerminalOutcome, by: Actor): Promise<void> {
    try {
      await this.terminals.end(terminal, outcome, by);
    } catch (error) {
      this.logger.error({
        msg: "a terminal's end could not be written; the sweep does",
        terminal: terminal.id,
        err: error,
      });
    } finally {
      this.open.disown(terminal.id);
    }
  }

  /** Every process of it: what it started, and what these started. */
  private async cleanUp({ container, terminal }: Started, { end }: TerminalOutcome): Promise<void> {
    try {
      await this.runtime.endExec(container, terminal.id);
    } catch (error) {
      this.logger.error({ msg: 'processes of a terminal could not be ended', terminal: terminal.id, end, err: error });
    }
  }
}
