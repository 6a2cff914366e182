import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { RunId } from '../../domain/ids.js';
import type { Run } from '../../domain/runs/run.js';
import { Draining } from '../../platform/http/draining.js';
import { clientGone, eventStream, sendEvents, type ServerSentEvent } from '../../platform/http/event-stream.js';
import { toRunDto } from './dto/run.dto.js';
import { SandboxService } from './sandbox.service.js';

/**
 * Answers with a run as it goes on: `output` {stream, text} as it comes, `gap` where a slow reader missed something, and
 * `end` with the whole run. What another process does, or what has ended, is told from the record.
 */
@Injectable()
export class RunStream {
  constructor(
    private readonly sandbox: SandboxService,
    private readonly draining: Draining,
  ) {}

  /** @param from the last position that the client has seen @throws NotFoundError */
  async respond(path: InstancePath, id: RunId, from: number, reply: FastifyReply): Promise<void> {
    const run = await this.sandbox.get(path, id);
    const signal = AbortSignal.any([clientGone(reply), this.draining.signal]);
    await sendEvents(
      reply,
      eventStream(this.follow(path, run, from, signal), (event) => event),
    );
  }

  private async *follow(
    path: InstancePath,
    { id }: Run,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<ServerSentEvent> {
    const output = this.sandbox.outputOf(id);
    if (output !== null) {
      for await (const part of output.read(from, signal)) {
        const { kind, position } = part;
        const data = kind === 'gap' ? {} : { stream: part.stream, text: part.text };
        yield { event: kind === 'gap' ? 'gap' : 'output', id: String(position), data };
      }
    }
    const run = await this.sandbox.ended(path, id, signal);
    if (run.endedAt === null) return;
    if (output === null && from === 0) yield* kept(run);
    yield { event: 'end', data: toRunDto(run) };
  }
}

function* kept({ stdout, stderr }: Run): Generator<ServerSentEvent> {
  for (const [stream, text] of Object.entries({ stdout, stderr })) {
    if (text !== null && text !== '') yield { event: 'output', data: { stream, text } };
  }
}
