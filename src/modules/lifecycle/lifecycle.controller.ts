import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { ApiProblem } from '../../platform/http/api-problem.decorator.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { Prefer } from '../../platform/http/prefer.decorator.js';
import type { Preferences } from '../../platform/http/preferences.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { ActionDto } from './dto/action.dto.js';
import { AgentLifecycleDto, toAgentLifecycleDto } from './dto/agent-lifecycle.dto.js';
import { LifecyclePath } from './dto/lifecycle-path.dto.js';
import { LogListDto } from './dto/log-list.dto.js';
import { LogQueryDto } from './dto/log-query.dto.js';
import { RenewDto } from './dto/renew.dto.js';
import { StatsDto } from './dto/stats.dto.js';
import { StatsQueryDto } from './dto/stats-query.dto.js';
import { LifecycleService } from './lifecycle.service.js';
import { LogResponder } from './log-responder.js';
import { StatsResponder } from './stats-responder.js';

const DEFAULT_WAIT_MS = 30_000;

/** Starting, stopping and watching agents. */
@ApiTags('lifecycle')
@Controller('projects/:projectId/agents/:id')
export class LifecycleController {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly logs: LogResponder,
    private readonly stats: StatsResponder,
  ) {}

  @Post('actions')
  @Requires('agents:operate')
  @ApiOperation({
    summary: 'Ask the agent to start, stop, restart, pause, resume, have so many copies, or go for good',
  })
  @ApiHeader({ name: 'Prefer', required: false, example: 'wait=30', description: 'wait=N seconds, or respond-async' })
  @ApiResponse({ status: 200, type: AgentLifecycleDto, description: 'It is as asked' })
  @ApiResponse({ status: 202, type: AgentLifecycleDto, description: 'It is on its way' })
  @ApiProblem(501, 'The runtime cannot do that, or not what the manifest asks for')
  @ApiProblem(504, 'The agent or its engine took too long')
  async act(
    @Caller() caller: Principal,
    @Param() { projectId, id }: LifecyclePath,
    @Body() { action, replicas, reason }: ActionDto,
    @Prefer() { waitMs = DEFAULT_WAIT_MS, respondAsync }: Preferences,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AgentLifecycleDto> {
    const path = { tenantId: caller.tenantId, projectId, id };
    const wait = respondAsync ? 0 : waitMs;
    const result = await this.lifecycle.act(path, action, actorOf(caller), wait, replicas, reason);
    reply.status(result.reached ? 200 : 202);
    return toAgentLifecycleDto(result.instance);
  }

  @Post('renew')
  @HttpCode(200)
  @Requires('agents:operate')
  @ApiOperation({ summary: 'Let the agent be there for longer: its time to live begins anew' })
  @ApiResponse({ status: 200, type: AgentLifecycleDto })
  async renew(
    @Caller() caller: Principal,
    @Param() { projectId, id }: LifecyclePath,
    @Body() { ttlSeconds }: RenewDto,
  ): Promise<AgentLifecycleDto> {
    const path = { tenantId: caller.tenantId, projectId, id };
    return toAgentLifecycleDto(await this.lifecycle.renew(path, ttlSeconds, actorOf(caller)));
  }

  @Get('lifecycle')
  @Requires('agents:read')
  @ApiOperation({ summary: 'What is wanted of the agent, what it is, and how it came there' })
  @ApiResponse({ status: 200, type: AgentLifecycleDto })
  async get(@Caller() caller: Principal, @Param() { projectId, id }: LifecyclePath): Promise<AgentLifecycleDto> {
    return toAgentLifecycleDto(await this.lifecycle.get({ tenantId: caller.tenantId, projectId, id }));
  }

  @Get('logs')
  @Requires('agents:read')
  @ApiOperation({ summary: "The container's output, oldest line first; followed as server-sent events if asked for" })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiResponse({ status: 200, type: LogListDto })
  async readLogs(
    @Caller() caller: Principal,
    @Param() { projectId, id }: LifecyclePath,
    @Query() query: LogQueryDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.logs.respond({ tenantId: caller.tenantId, projectId, id }, query, reply);
  }

  @Get('stats')
  @Requires('agents:read')
  @ApiOperation({ summary: 'What the container uses: measured over a second, or each second as server-sent events' })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiResponse({ status: 200, type: StatsDto })
  @ApiProblem(409, 'The agent does not run')
  @ApiProblem(501, 'The runtime cannot measure that')
  async readStats(
    @Caller() caller: Principal,
    @Param() { projectId, id }: LifecyclePath,
    @Query() query: StatsQueryDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.stats.respond({ tenantId: caller.tenantId, projectId, id }, query, reply);
  }
}
