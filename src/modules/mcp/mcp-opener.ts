import { Injectable, Logger } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemActor } from '../../domain/events/actor.js';
import type { Principal } from '../../domain/identity/principal.js';
import { AgentUse, type Use } from '../../domain/lifecycle/agent-use.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { McpSessionRecords } from '../../domain/mcp/mcp-session-records.js';
import type { McpSession } from '../../domain/mcp/mcp-session.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import { ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import type { ExecSession } from '../../domain/runtime/exec-session.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { McpPrograms } from './mcp-programs.js';
import { McpSessionLog } from './mcp-session-log.js';
import { McpSettings } from './mcp-settings.js';
import { OpenMcpSessions, type OpenMcpSession } from './open-mcp-sessions.js';
import { Conversation, type Ending } from './wire/conversation.js';
import { StdioServer } from './wire/stdio-server.js';

const MUSTER = systemActor('mcp');

interface Carried {
  readonly entry: OpenMcpSession;
  readonly server: StdioServer;
  readonly container: string;
  readonly use: Use;
}

/** Begins MCP sessions, each with a server of its own, and ends what belongs to them. */
@Injectable()
export class McpOpener {
  private readonly logger = new Logger(McpOpener.name);

  constructor(
    private readonly records: McpSessionRecords,
    private readonly log: McpSessionLog,
    private readonly programs: McpPrograms,
    private readonly open: OpenMcpSessions,
    private readonly use: AgentUse,
    private readonly runtime: ContainerRuntime,
    private readonly lifecycle: LifecycleService,
    private readonly settings: McpSettings,
  ) {}

  /**
   * Starts a server, in the next replica that can serve; an agent that sleeps is woken for it, and stays awake as long as the session
   * lasts.
   * @param named the replica that it is to be in, whichever's turn it is
   * @throws NotFoundError, AgentNotRunningError, RuntimeError, DomainError MCP_NOT_OFFERED, TOO_MANY_MCP_SESSIONS
   */
  async begin(
    caller: Principal,
    path: InstancePath,
    named: number | undefined,
    signal: AbortSignal,
  ): Promise<OpenMcpSession> {
    const use = await this.use.hold(path);
    try {
      const instance = await use.awake(signal, named);
      const start = async (replica: number): Promise<Carried> => this.start(caller, path, { instance, replica, use });
      const carried = await (named === undefined
        ? this.lifecycle.onNextReplica(instance, start, signal)
        : start(named));
      carried.entry.gone = this.carry(carried);
      this.open.keepUntil(carried.entry.gone);
      return carried.entry;
    } catch (error) {
      await use.release();
      throw error;
    }
  }

  private async start(
    caller: Principal,
    path: InstancePath,
    { instance, replica, use }: { instance: ManagedInstance; replica: number; use: Use },
  ): Promise<Carried> {
    const address = await this.lifecycle.addressOf(instance, replica);
    const container = address.id;
    const { command, cwd } = await this.programs.of(instance, container);
    const session = await this.log.begin(caller, path, { command, replica, owner: this.open.owner });
    this.open.own(session.id);
    let program: ExecSession | null = null;
    try {
      program = await this.runtime.exec(address, { id: session.id, command, cwd, env: {}, terminal: null });
      const server = new StdioServer(program, this.settings);
      if (!(await this.log.open(session))) throw new AgentNotRunningError(instance.id, 'not answering');
      const conversation = new Conversation(server, {
        onAgreed: (version) => void this.note(session, version),
      });
      const token = `${session.id}.${randomBytes(18).toString('base64url')}`;
      const entry: OpenMcpSession = { session, token, conversation, gone: Promise.resolve(), closedBy: null };
      this.open.enter(entry);
      return { entry, server, container, use };
    } catch (error) {
      // Before its processes are ended, as in cleanUp.
      program?.close();
      await this.undo(session, container);
      if (!(error instanceof RuntimeError) || error.failure !== 'not-found') throw error;
      throw new AgentNotRunningError(instance.id, 'not running any more');
    }
  }

  /** A server that nobody will hear of. What cannot be done now is the sweep's. */
  private async undo(session: McpSession, container: string): Promise<void> {
    try {
      await this.runtime.endExec(container, session.id);
      await this.records.discard(session.id);
      await this.log.end(session, { end: 'failed', exitCode: null, stderr: '' }, MUSTER);
    } catch (error) {
      this.logger.warn({ msg: 'an MCP session was left to the sweep', session: session.id, err: error });
    } finally {
      this.open.disown(session.id);
    }
  }

  private async note({ id }: McpSession, protocolVersion: string): Promise<void> {
    try {
      await this.records.agreed(id, protocolVersion);
    } catch (error) {
      this.logger.warn({ msg: 'the revision of an MCP session could not be noted', session: id, err: error });
    }
  }

  /** Until the last process of it is gone. Never rejects. */
  private async carry({ entry, server, container, use }: Carried): Promise<void> {
    const { session, conversation } = entry;
    const ending = await conversation.run();
    this.open.leave(entry);
    await this.cleanUp(session, { conversation, server, container, ending });
    const by = entry.closedBy ?? (ending.end === 'client-left' ? session.createdBy : MUSTER);
    try {
      await this.log.end(session, { ...ending, stderr: server.stderr }, by);
    } catch (error) {
      this.logger.error({
        msg: "an MCP session's end could not be written; the sweep does",
        session: session.id,
        err: error,
      });
    } finally {
      this.open.disown(session.id);
      await use.release();
    }
  }

  /** As the revision says: no more input, a little time, and then by force, with whatever it has started. */
  private async cleanUp(
    { id }: McpSession,
    {
      conversation,
      server,
      container,
      ending,
    }: Pick<Carried, 'server' | 'container'> & {
      conversation: Conversation;
      ending: Ending;
    },
  ): Promise<void> {
    try {
      server.endInput();
      await Promise.race([conversation.reading, sleep(this.settings.endMs, undefined, { ref: false })]);
      // While output that nobody takes is on its way, the engine tells of no end of a program in that container.
      server.close();
      await this.runtime.endExec(container, id);
    } catch (error) {
      this.logger.error({ msg: 'processes of an MCP session could not be ended', session: id, ending, err: error });
    } finally {
      server.close();
    }
  }
}
