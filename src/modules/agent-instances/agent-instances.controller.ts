import { Body, Controller, Delete, Get, Headers, HttpStatus, Param, Patch, Query, Res } from '@nestjs/common';
import { ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { EtagFrom } from '../../platform/http/etag-from.decorator.js';
import { IfMatch } from '../../platform/http/if-match.decorator.js';
import { PageQuery } from '../../platform/http/page-query.dto.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { AgentInstancesService } from './agent-instances.service.js';
import { AgentInstanceListDto, toAgentInstanceListDto } from './dto/agent-instance-list.dto.js';
import { AgentInstanceDto, toAgentInstanceDto } from './dto/agent-instance.dto.js';
import { AgentPath, AgentsPath } from './dto/agent-path.dto.js';
import { UpdateAgentDto } from './dto/update-agent.dto.js';
import { instancePatch } from './instance-patch.js';

/** Agents of a project: reading them, editing a snapshot without touching its template, and removing them. */
@ApiTags('agents')
@Controller('projects/:projectId/agents')
export class AgentInstancesController {
  constructor(private readonly instances: AgentInstancesService) {}

  @Get()
  @Requires('agents:read')
  @ApiOperation({ summary: 'List the agents of a project, newest first' })
  @ApiResponse({ status: 200, type: AgentInstanceListDto })
  async list(
    @Caller() caller: Principal,
    @Param() path: AgentsPath,
    @Query() query: PageQuery,
  ): Promise<AgentInstanceListDto> {
    return toAgentInstanceListDto(await this.instances.listByProject(path.projectId, caller.tenantId, query));
  }

  @Get(':id')
  @Requires('agents:read')
  @EtagFrom('revision')
  @ApiOperation({ summary: 'One agent' })
  @ApiResponse({ status: 200, type: AgentInstanceDto })
  async get(@Caller() caller: Principal, @Param() path: AgentPath): Promise<AgentInstanceDto> {
    return toAgentInstanceDto(await this.instances.findInProject(path.projectId, path.id, caller.tenantId));
  }

  @Patch(':id')
  @Requires('agents:edit')
  @EtagFrom('revision')
  @ApiConsumes('application/json', 'application/merge-patch+json')
  @ApiOperation({ summary: 'Edit this agent alone: a given field replaces; one revision more' })
  @ApiResponse({ status: 200, type: AgentInstanceDto })
  async update(
    @Caller() caller: Principal,
    @Param() path: AgentPath,
    @IfMatch() ifMatch: number | undefined,
    @Headers('content-type') contentType: string | undefined,
    @Body() body: UpdateAgentDto,
  ): Promise<AgentInstanceDto> {
    const options = { actor: actorOf(caller), ifMatch, projectId: path.projectId };
    const change = instancePatch(contentType, body);
    return toAgentInstanceDto(await this.instances.updateSoulOrIdentity(path.id, caller.tenantId, change, options));
  }

  @Delete(':id')
  @Requires('projects:write')
  @ApiOperation({ summary: 'Stop the agent, remove it, and give up its seat' })
  @ApiResponse({ status: 202, description: 'It is on its way out' })
  @ApiResponse({ status: 204, description: 'It is gone' })
  async remove(
    @Caller() caller: Principal,
    @Param() path: AgentPath,
    @Res({ passthrough: true }) reply: { status(code: number): unknown },
  ): Promise<void> {
    const asking = { tenantId: caller.tenantId, actor: actorOf(caller) };
    const gone = await this.instances.remove(asking, path.projectId, path.id);
    reply.status(gone ? HttpStatus.NO_CONTENT : HttpStatus.ACCEPTED);
  }
}
