import { Controller, Get, Headers, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../../domain/identity/principal.js';
import { ApiProblem } from '../../platform/http/api-problem.decorator.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { EventQuery } from '../../platform/http/event-query.dto.js';
import { EventDto } from '../../platform/http/event.dto.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { EventStreamResponder } from './event-stream.responder.js';
import { EventStreamService } from './event-stream.service.js';

/** What happens in the tenant, as it happens. */
@ApiTags('events')
@Controller('events')
export class EventStreamController {
  constructor(
    private readonly streams: EventStreamService,
    private readonly responder: EventStreamResponder,
  ) {}

  @Get()
  @Requires('events:read')
  @ApiOperation({
    summary: 'Follow the event log as server-sent events',
    description:
      'Each message has the `seq` as its id and an event as its data; a client that was cut off goes on where it was by sending the last id as Last-Event-ID. Without it and without `after` the stream begins now. A role sees the events of what it may read; `audit:read` sees all.',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    example: '41',
    description: 'The id of the last message received',
  })
  @ApiProduces('text/event-stream')
  @ApiResponse({ status: 200, type: EventDto })
  @ApiProblem(429, 'The key follows as many streams as it may')
  async follow(
    @Caller() caller: Principal,
    @Query() query: EventQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const subscription = await this.streams.subscribe(caller, query, lastEventId);
    await this.responder.respond(caller.apiKeyId, subscription, request, reply);
  }
}
