import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import { Draining } from '../../platform/http/draining.js';
import { clientGone, eventStream, sendEvents } from '../../platform/http/event-stream.js';
import { toStatsDto } from './dto/stats.dto.js';
import type { StatsQueryDto } from './dto/stats-query.dto.js';
import { LifecycleService } from './lifecycle.service.js';

/** Answers with what an agent uses: measured once, or each second until the client leaves or the agent stops. */
@Injectable()
export class StatsResponder {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly draining: Draining,
  ) {}

  /** @throws NotFoundError, AgentNotRunningError, RuntimeError */
  async respond(path: InstancePath, { stream, replica }: StatsQueryDto, reply: FastifyReply): Promise<void> {
    const enough = new AbortController();
    const signal = AbortSignal.any([clientGone(reply), this.draining.signal, enough.signal]);
    const measures = await this.lifecycle.stats(path, signal, replica);
    if (stream) {
      await sendEvents(
        reply,
        eventStream(measures, (stats) => ({ event: 'stats', data: toStatsDto(stats) })),
      );
      return;
    }
    for await (const stats of measures) {
      enough.abort();
      await reply.send(toStatsDto(stats));
      return;
    }
    throw new AgentNotRunningError(path.id, 'not running any more');
  }
}
