import { Body, Controller, Get, Headers, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors/domain-error.js';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import type { AgentInstanceId } from '../../domain/ids.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import { ApiProblem } from '../../platform/http/api-problem.decorator.js';
import { AccessControl } from '../../platform/http/access-control.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { Prefer } from '../../platform/http/prefer.decorator.js';
import type { Preferences } from '../../platform/http/preferences.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { AgentInstancesService } from '../agent-instances/agent-instances.service.js';
import { SandboxService } from '../sandbox/sandbox.service.js';
import { AgentActions } from './agent-actions.js';
import { AgentManagerService } from './agent-manager.service.js';
import { AgentActionDto, AgentActionResultDto } from './dto/agent-action.dto.js';
import { AgentIdPath } from './dto/agent-id-path.dto.js';
import { AgentStatusDto, toAgentStatusDto } from './dto/agent-status.dto.js';
import { SandboxRunDto, SandboxRunQueuedDto } from './dto/sandbox-run.dto.js';
import { SpawnDto } from './dto/spawn.dto.js';
import { SpawnedDto } from './dto/spawned.dto.js';

const DEFAULT_WAIT_MS = 30_000;

/** Agents without projects in their paths: spawn one, look at it, have it do something. */
@ApiTags('agent-manager')
@Controller('agent')
export class AgentManagerController {
  constructor(
    private readonly manager: AgentManagerService,
    private readonly actions: AgentActions,
    private readonly instances: AgentInstancesService,
    private readonly sandbox: SandboxService,
    private readonly access: AccessControl,
  ) {}

  @Post('spawn')
  @Requires('projects:write')
  @ApiOperation({ summary: 'Spawn an agent: it is made and started in one' })
  @ApiResponse({ status: 201, type: SpawnedDto })
  @ApiProblem(429, 'A quota does not leave room for it')
  @ApiProblem(501, 'The runtime is no boundary, which a signed manifest asks for')
  async spawn(
    @Caller() caller: Principal,
    @Body() body: SpawnDto,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<SpawnedDto> {
    try {
      const agentId = await this.manager.spawn(caller, body.toRequest(idempotencyKey));
      return { ok: true, agent_id: agentId, status: 'initializing' };
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'forbidden') this.access.noteForbidden(request, caller);
      throw error;
    }
  }

  @Get(':id/status')
  @Requires('agents:read')
  @ApiOperation({ summary: 'How an agent is' })
  @ApiResponse({ status: 200, type: AgentStatusDto })
  async status(@Caller() caller: Principal, @Param() { id }: AgentIdPath): Promise<AgentStatusDto> {
    return toAgentStatusDto(await this.instances.findById(id, caller.tenantId));
  }

  @Post(':id/action')
  @Requires('agents:operate')
  @ApiOperation({ summary: 'Ask an agent to start, stop, restart and so on, or to go and give its seat up' })
  @ApiHeader({ name: 'Prefer', required: false, example: 'wait=30', description: 'wait=N seconds, or respond-async' })
  @ApiResponse({ status: 200, type: AgentActionResultDto, description: 'It is as asked' })
  @ApiResponse({ status: 202, type: AgentActionResultDto, description: 'It is on its way' })
  @ApiProblem(501, 'The runtime cannot do that, or not what the manifest asks for')
  @ApiProblem(504, 'The agent or its engine took too long')
  async act(
    @Caller() caller: Principal,
    @Param() { id }: AgentIdPath,
    @Body() body: AgentActionDto,
    @Prefer() { waitMs = DEFAULT_WAIT_MS, respondAsync }: Preferences,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AgentActionResultDto> {
    const path = await this.pathOf(id, caller);
    if (body.action === 'unregister') this.access.assertHolds(request, caller, 'projects:write');
    const { reached, status } = await this.actions.act(path, body, caller, respondAsync ? 0 : waitMs);
    reply.status(reached ? 200 : 202);
    return { ok: true, agent_id: id, action: body.action, status };
  }

  @Post(':id/sandbox/run')
  @HttpCode(202)
  @Requires('runs:execute')
  @ApiOperation({ summary: 'Run a command in the agent’s container, or prompt the agent' })
  @ApiResponse({ status: 202, type: SandboxRunQueuedDto, description: 'Location says where to look' })
  @ApiProblem(501, 'The runtime cannot run commands')
  async run(
    @Caller() caller: Principal,
    @Param() { id }: AgentIdPath,
    @Body() body: SandboxRunDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SandboxRunQueuedDto> {
    const path = await this.pathOf(id, caller);
    const run = await this.sandbox.run(path, body.toRequest(), actorOf(caller), 0);
    reply.header('location', `/api/v1/projects/${path.projectId}/agents/${id}/runs/${run.id}`);
    return { ok: true, run_id: run.id, agent_id: id, status: run.status };
  }

  private async pathOf(id: AgentInstanceId, { tenantId }: Principal): Promise<InstancePath> {
    return { tenantId, id, projectId: (await this.instances.findById(id, tenantId)).projectId };
  }
}
