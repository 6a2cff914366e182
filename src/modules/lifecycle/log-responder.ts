import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
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
  ) {}

  /** @throws NotFoundError, RuntimeError */
  async respond(path: InstancePath, { tail, since, follow, replica }: LogQueryDto, reply: FastifyReply): Promise<void> {
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
    await sendEvents(reply, logEvents(lines));
  }
}
