import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { absolutePath } from '../../domain/files/workspace-path.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import { Draining } from '../../platform/http/draining.js';
import { eventStream, sendEvents } from '../../platform/http/event-stream.js';
import { FilesService } from './files.service.js';
import { endOf } from './request-end.js';

/** Answers with what changes in a workspace: a stream that ends with the client, the container or Muster. */
@Injectable()
export class WatchResponder {
  constructor(
    private readonly files: FilesService,
    private readonly draining: Draining,
  ) {}

  async respond(agent: InstancePath, path: string, reply: FastifyReply): Promise<void> {
    const changes = await this.files.watch(agent, path, AbortSignal.any([endOf(reply), this.draining.signal]));
    const events = eventStream(changes, (change) => ({
      event: 'change',
      data: { ...change, path: absolutePath(change.path) },
    }));
    await sendEvents(reply, events);
  }
}
