import { Body, Controller, Get, Headers, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiProduces,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { AnyReplicaQuery } from '../../platform/http/any-replica-query.dto.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { PageQuery } from '../../platform/http/page-query.dto.js';
import { Prefer } from '../../platform/http/prefer.decorator.js';
import type { Preferences } from '../../platform/http/preferences.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { ApiProblem } from '../../platform/http/api-problem.decorator.js';
import { ExecRunDto } from './dto/exec-run.dto.js';
import { PromptRunDto } from './dto/prompt-run.dto.js';
import { readRunRequest } from './dto/read-run-request.js';
import { RunListDto, toRunListDto } from './dto/run-list.dto.js';
import { RunPath } from './dto/run-path.dto.js';
import { RunDto, toRunDto } from './dto/run.dto.js';
import { RunsPath } from './dto/runs-path.dto.js';
import { RunStream } from './run-stream.js';
import { SandboxService } from './sandbox.service.js';

const DEFAULT_WAIT_MS = 30_000;
const CANCEL_WAIT_MS = 5_000;
const POSITION = /^\d{1,15}$/;

/** Work for agents, and what came of it. */
@ApiTags('sandbox')
@Controller('projects/:projectId/agents/:id/runs')
export class SandboxController {
  constructor(
    private readonly sandbox: SandboxService,
    private readonly streams: RunStream,
  ) {}

  @Post()
  @Requires('runs:execute')
  @ApiOperation({ summary: 'Prompt the agent, or run a command in its container' })
  @ApiExtraModels(PromptRunDto, ExecRunDto)
  @ApiBody({
    schema: {
      oneOf: [{ $ref: getSchemaPath(PromptRunDto) }, { $ref: getSchemaPath(ExecRunDto) }],
      example: { type: 'exec', command: ['ls', '-l'], cwd: 'src', timeoutSeconds: 10 },
    },
  })
  @ApiHeader({ name: 'Prefer', required: false, example: 'wait=30', description: 'wait=N seconds, or respond-async' })
  @ApiResponse({ status: 200, type: RunDto, description: 'It ended in time' })
  @ApiResponse({ status: 202, type: RunDto, description: 'It goes on; Location says where to look' })
  @ApiProblem(501, 'The runtime cannot run commands')
  async run(
    @Caller() caller: Principal,
    @Param() { projectId, id }: RunsPath,
    @Query() { replica }: AnyReplicaQuery,
    @Body() body: object,
    @Prefer() { waitMs = DEFAULT_WAIT_MS, respondAsync }: Preferences,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RunDto> {
    const path = { tenantId: caller.tenantId, projectId, id };
    const run = await this.sandbox.run(path, readRunRequest(body), actorOf(caller), respondAsync ? 0 : waitMs, replica);
    reply.status(run.endedAt === null ? 202 : 200);
    reply.header('location', `/api/v1/projects/${projectId}/agents/${id}/runs/${run.id}`);
    return toRunDto(run);
  }

  @Get()
  @Requires('runs:read')
  @ApiOperation({ summary: 'The runs of an agent, newest first' })
  @ApiResponse({ status: 200, type: RunListDto })
  async list(
    @Caller() caller: Principal,
    @Param() { projectId, id }: RunsPath,
    @Query() page: PageQuery,
  ): Promise<RunListDto> {
    return toRunListDto(await this.sandbox.list({ tenantId: caller.tenantId, projectId, id }, page));
  }

  @Get(':runId')
  @Requires('runs:read')
  @ApiOperation({ summary: 'One run' })
  @ApiResponse({ status: 200, type: RunDto })
  async get(@Caller() caller: Principal, @Param() { projectId, id, runId }: RunPath): Promise<RunDto> {
    return toRunDto(await this.sandbox.get({ tenantId: caller.tenantId, projectId, id }, runId));
  }

  @Post(':runId/cancel')
  @Requires('runs:execute')
  @ApiOperation({ summary: 'End a run, with every process of it; does nothing to one that has ended' })
  @ApiHeader({ name: 'Prefer', required: false, example: 'wait=5', description: 'wait=N seconds, or respond-async' })
  @ApiResponse({ status: 200, type: RunDto, description: 'It has ended' })
  @ApiResponse({ status: 202, type: RunDto, description: 'It is about to end' })
  async cancel(
    @Caller() caller: Principal,
    @Param() { projectId, id, runId }: RunPath,
    @Prefer() { waitMs = CANCEL_WAIT_MS, respondAsync }: Preferences,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RunDto> {
    const path = { tenantId: caller.tenantId, projectId, id };
    const run = await this.sandbox.cancel(path, runId, respondAsync ? 0 : waitMs);
    reply.status(run.endedAt === null ? 202 : 200);
    return toRunDto(run);
  }

  @Get(':runId/stream')
  @Requires('runs:read')
  @ApiOperation({ summary: 'A run as server-sent events: output, gap, and end with the whole run' })
  @ApiHeader({ name: 'Last-Event-ID', required: false, example: '120', description: 'Go on after this event' })
  @ApiProduces('text/event-stream')
  @ApiResponse({ status: 200, description: 'Events until the run has ended' })
  async stream(
    @Caller() caller: Principal,
    @Param() { projectId, id, runId }: RunPath,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const from = POSITION.test(lastEventId ?? '') ? Number(lastEventId) : 0;
    await this.streams.respond({ tenantId: caller.tenantId, projectId, id }, runId, from, reply);
  }
}
