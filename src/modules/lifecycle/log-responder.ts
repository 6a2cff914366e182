import { Injectable, Logger } from '@nestjs/common';
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
  private readonly logger = new Logger(LogResponder.name);

  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly draining: Draining,
    private readonly use: AgentUse,
  ) {}

  /** @throws NotFoundError, RuntimeError */
  async respond(path: InstancePath, query: LogQueryDto, reply: FastifyReply): Promise<void> {
    const { tail, since, follow, replica } = query;
    const left = new Promise<void>((resolve) => reply.raw.once('close', resolve));
    const logs = {
      tail,
      follow,
      ...(since === undefined ? {} : { since: new Date(since) }),
      signal: AbortSignal.any([clientGone(reply), this.draining.signal]),
    };
    const lines = await this.lifecycle.logs(path, logs, replica);
    if (!follow) {
      await reply.send((await newestLines(lines)) satisfies LogListDto);
      return;
    }
    this.useUntil(left, path);
    await sendEvents(reply, logEvents(lines));
  }

  /** Nobody waits for it to be written: what was read by then is sent meanwhile. */
  private useUntil(left: Promise<void>, path: InstancePath): void {
    const hold = async (): Promise<void> => {
      const use = await this.useOf(path);
      await left;
      await use?.release();
    };
    hold().catch((error: unknown) => {
      this.logger.warn({ msg: 'who follows a log does not keep its agent awake', agent: path.id, err: error });
    });
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
}
