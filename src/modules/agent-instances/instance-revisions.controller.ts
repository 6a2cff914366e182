import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { EtagFrom } from '../../platform/http/etag-from.decorator.js';
import { IfMatch } from '../../platform/http/if-match.decorator.js';
import { PageQuery } from '../../platform/http/page-query.dto.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { AgentInstanceDto, toAgentInstanceDto } from './dto/agent-instance.dto.js';
import { AgentPath } from './dto/agent-path.dto.js';
import { InstanceRevisionListDto, toInstanceRevisionListDto } from './dto/instance-revision-list.dto.js';
import { InstanceRevisionDto, toInstanceRevisionDto } from './dto/instance-revision.dto.js';
import { RevisionPath } from './dto/revision-path.dto.js';
import { InstanceRevisionsService } from './instance-revisions.service.js';

/** The edit history of an agent. */
@ApiTags('agents')
@Controller('projects/:projectId/agents/:id/revisions')
export class InstanceRevisionsController {
  constructor(private readonly revisions: InstanceRevisionsService) {}

  @Get()
  @Requires('agents:read')
  @ApiOperation({ summary: 'Who edited what and when, newest first, the present revision included' })
  @ApiResponse({ status: 200, type: InstanceRevisionListDto })
  async list(
    @Caller() caller: Principal,
    @Param() path: AgentPath,
    @Query() query: PageQuery,
  ): Promise<InstanceRevisionListDto> {
    return toInstanceRevisionListDto(await this.revisions.list(path, caller.tenantId, query));
  }

  @Get(':revision')
  @Requires('agents:read')
  @EtagFrom('revision')
  @ApiOperation({ summary: 'One revision, whole' })
  @ApiResponse({ status: 200, type: InstanceRevisionDto })
  async get(@Caller() caller: Principal, @Param() path: RevisionPath): Promise<InstanceRevisionDto> {
    return toInstanceRevisionDto(await this.revisions.get(path, caller.tenantId, path.revision));
  }

  @Post(':revision/restore')
  @HttpCode(200)
  @Requires('agents:edit')
  @EtagFrom('revision')
  @ApiOperation({ summary: 'Make a new revision that says what this one said' })
  @ApiResponse({ status: 200, type: AgentInstanceDto })
  async restore(
    @Caller() caller: Principal,
    @Param() path: RevisionPath,
    @IfMatch() ifMatch: number | undefined,
  ): Promise<AgentInstanceDto> {
    const options = { actor: actorOf(caller), ifMatch };
    return toAgentInstanceDto(await this.revisions.restore(path, caller.tenantId, path.revision, options));
  }
}
