import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { PageQuery } from '../../platform/http/page-query.dto.js';
import { Prefer } from '../../platform/http/prefer.decorator.js';
import type { Preferences } from '../../platform/http/preferences.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { CreateRunDto } from './dto/create-run.dto.js';
import { RunListDto, toRunListDto } from './dto/run-list.dto.js';
import { RunPath } from './dto/run-path.dto.js';
import { RunDto, toRunDto } from './dto/run.dto.js';
import { RunsPath } from './dto/runs-path.dto.js';
import { SandboxService } from './sandbox.service.js';

const DEFAULT_WAIT_MS = 30_000;

/** Work for agents, and what came of it. */
@ApiTags('sandbox')
@Controller('projects/:projectId/agents/:id/runs')
export class SandboxController {
  constructor(private readonly sandbox: SandboxService) {}

  @Post()
  @Requires('runs:execute')
  @ApiOperation({ summary: 'Prompt the agent' })
  @ApiHeader({ name: 'Prefer', required: false, example: 'wait=30', description: 'wait=N seconds, or respond-async' })
  @ApiResponse({ status: 200, type: RunDto, description: 'It ended in time' })
  @ApiResponse({ status: 202, type: RunDto, description: 'It goes on; Location says where to look' })
  async run(
    @Caller() caller: Principal,
    @Param() { projectId, id }: RunsPath,
    @Body() { type, input }: CreateRunDto,
    @Prefer() { waitMs = DEFAULT_WAIT_MS, respondAsync }: Preferences,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RunDto> {
    const path = { tenantId: caller.tenantId, projectId, id };
    const run = await this.sandbox.run(path, { type, input }, actorOf(caller), respondAsync ? 0 : waitMs);
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
}
