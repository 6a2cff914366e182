import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { assertThere } from '../../domain/lifecycle/replicas.js';
import { McpSessionRecords } from '../../domain/mcp/mcp-session-records.js';
import type { McpSession } from '../../domain/mcp/mcp-session.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { clientGone } from '../../platform/http/event-stream.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { McpOpener } from './mcp-opener.js';
import {
  assertAccepts,
  assertOrigin,
  assertRevision,
  isBeginning,
  readPosted,
  sessionMissing,
  sessionOf,
} from './mcp-request.js';
import { McpSettings } from './mcp-settings.js';
import { OpenMcpSessions, type OpenMcpSession } from './open-mcp-sessions.js';
import { Answer } from './wire/answer.js';
import type { Batch } from './wire/message.js';

const JSON_TYPE = 'application/json';
const EVENTS_TYPE = 'text/event-stream';

/**
 * MCP's Streamable HTTP (revisions 2025-03-26 to 2025-11-25) in front of a program in an agent's container that speaks MCP over
 * its standard input and output. One session is one such program.
 */
@Injectable()
export class McpService {
  constructor(
    private readonly opener: McpOpener,
    private readonly open: OpenMcpSessions,
    private readonly records: McpSessionRecords,
    private readonly lifecycle: LifecycleService,
    private readonly runtime: ContainerRuntime,
    private readonly settings: McpSettings,
  ) {}

  /**
   * Passes on what a client says, and answers with what the server says to it; resolves when that is out.
   * @param replica the one that a session which begins is to be in; any unless given
   * @throws DomainError MALFORMED_REQUEST, FORBIDDEN, UNSUPPORTED_MEDIA_TYPE, MCP_SESSION_BUSY, and what McpOpener.begin throws
   * @throws ValidationFailedError, NotFoundError for a session that is not, or no more
   */
  async post(
    caller: Principal,
    path: InstancePath,
    replica: number | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    assertOrigin(request);
    assertAccepts(request, JSON_TYPE, EVENTS_TYPE);
    const batch = readPosted(request, request.body);
    if (isBeginning(batch)) {
      await this.begin(caller, path, replica, batch, reply);
      return;
    }
    const { conversation } = await this.sessionOf(caller, path, request);
    assertRevision(request, conversation.protocolVersion, batch);
    const answer = new Answer(reply, this.settings);
    await conversation.take(batch, answer);
    await answer.done;
  }

  /** The stream of what the server says by itself; resolves when it is over. @throws as post */
  async listen(caller: Principal, path: InstancePath, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    assertOrigin(request);
    assertAccepts(request, EVENTS_TYPE);
    const { conversation } = await this.sessionOf(caller, path, request);
    assertRevision(request, conversation.protocolVersion, null);
    const answer = new Answer(reply, this.settings);
    conversation.listen(answer);
    await answer.done;
  }

  /** Ends a session. Its server is gone once that resolves, unless the engine is. @throws as post */
  async end(caller: Principal, path: InstancePath, request: FastifyRequest): Promise<void> {
    assertOrigin(request);
    const entry = await this.sessionOf(caller, path, request);
    entry.closedBy = actorOf(caller);
    entry.conversation.finish('closed-by-request');
    await entry.gone;
  }

  /** Newest first. @throws NotFoundError when there is no such agent */
  async list(path: InstancePath, page: PageRequest): Promise<Page<McpSession>> {
    await this.lifecycle.get(path);
    return this.records.list(path, page);
  }

  private async begin(
    caller: Principal,
    path: InstancePath,
    replica: number | undefined,
    batch: Batch,
    reply: FastifyReply,
  ): Promise<void> {
    const instance = await this.assertPossible(path);
    if (replica !== undefined) assertThere(instance, replica);
    const { conversation, token } = await this.opener.begin(caller, path, replica, clientGone(reply));
    const answer = new Answer(reply, this.settings);
    answer.header('mcp-session-id', token);
    void answer.done.then(() => {
      // Whoever was not told of the session cannot use it.
      if (conversation.protocolVersion === null) conversation.finish('client-left');
    });
    await conversation.take(batch, answer);
    await answer.done;
  }

  private async sessionOf(caller: Principal, path: InstancePath, request: FastifyRequest): Promise<OpenMcpSession> {
    const token = sessionOf(request);
    if (token !== null) return this.open.get(caller, path, token);
    await this.assertPossible(path);
    throw sessionMissing();
  }

  private async assertPossible(path: InstancePath): Promise<ManagedInstance> {
    const instance = await this.lifecycle.get(path);
    if (this.runtime.capabilities.exec) return instance;
    throw new RuntimeError(
      'unsupported',
      `The ${this.runtime.name} runtime has no MCP servers in agents. Use a container engine (RUNTIME=docker).`,
    );
  }
}
