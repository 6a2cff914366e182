import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AgentUse, type Use } from '../../domain/lifecycle/agent-use.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import { Draining } from '../../platform/http/draining.js';
import { clientGone, sendEvents } from '../../platform/http/event-stream.js';
import type { LogListDto } from './dto/log-list.dto.js';
import type { LogQueryDto } from './dto/log-query.dto.js';
import { LifecycleService } from './lifecycle.service.js';
import { logEvents } from './log-events.js';
import { newestLines } from './newest-lines.js';

/** Answers with an agent's logs: as one JSON object, or as a stream that ends with the client, the container or Muster. */
@Injectable()
export class LogResponder {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly draining: Draining,
    private readonly use: AgentUse,
  ) {}

  /** @throws NotFoundError, RuntimeError */
  async respond(path: InstancePath, query: LogQueryDto, reply: FastifyReply): Promise<void> {
    const use = query.follow ? await this.useOf(path) : null;
    try {
      await this.answer(path, query, reply, use);
    } catch (error) {
      await use?.release();
      throw error;
    }
  }

  /** Who follows the log of a running agent uses it, so that it does not fall asleep meanwhile. One that sleeps is not woken. */
  private async useOf(path: InstancePath): Promise<Use | null> {
    if ((await this.lifecycle.get(path)).lifecycle.state !== 'running') return null;
    try {
      return await this.use.hold(path);
    } catch (error) {
      if (error instanceof AgentNotRunningError) return null;
      throw error;
    }
  }

  private async answer(
    path: InstancePath,
    { tail, since, follow, replica }: LogQueryDto,
    reply: FastifyReply,
    use: Use | null,
  ): Promise<void> {
    const query = {
      tail,
      follow,
      ...(since === undefined ? {} : { since: new Date(since) }),
      signal: AbortSignal.any([clientGone(reply), this.draining.signal]),
    };
    const lines = await this.lifecycle.logs(path, query, replica);
    if (!follow) {
      await reply.send((await newestLines(lines)) satisfies LogListDto);
      return;
    }
    if (use !== null) reply.raw.once('close', () => void use.release());
    await sendEvents(reply, logEvents(lines));
  }
}
