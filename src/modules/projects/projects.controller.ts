import { Body, Controller, Delete, Get, HttpStatus, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { Configuration } from '../../platform/config/configuration.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { EtagFrom } from '../../platform/http/etag-from.decorator.js';
import { IfMatch } from '../../platform/http/if-match.decorator.js';
import { PageQuery } from '../../platform/http/page-query.dto.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { CreateProjectDto } from './dto/create-project.dto.js';
import { CreatedProjectDto } from './dto/created-project.dto.js';
import { ProjectListDto } from './dto/project-list.dto.js';
import { ProjectPath } from './dto/project-path.dto.js';
import { ProjectDto, toProjectDto } from './dto/project.dto.js';
import { RoleAssignmentInputDto } from './dto/role-assignment-input.dto.js';
import { UpdateProjectDto } from './dto/update-project.dto.js';
import { ProjectsService, type Asking } from './projects.service.js';

/** Projects: teams of agents, one for each role assignment. */
@ApiTags('projects')
@Controller('projects')
export class ProjectsController {
  constructor(
    private readonly projects: ProjectsService,
    private readonly configuration: Configuration,
  ) {}

  @Post()
  @Requires('projects:write')
  @EtagFrom('revision')
  @ApiOperation({ summary: 'Create a project, and an agent for each role assignment' })
  @ApiResponse({ status: 201, type: CreatedProjectDto })
  async create(@Caller() caller: Principal, @Body() body: CreateProjectDto): Promise<CreatedProjectDto> {
    const { value, settled } = await this.projects.create(asking(caller), body);
    return Object.assign(this.toDto(value), { snapshotsPending: !settled });
  }

  @Get()
  @Requires('projects:read')
  @ApiOperation({ summary: 'List projects, newest first' })
  @ApiResponse({ status: 200, type: ProjectListDto })
  async list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<ProjectListDto> {
    const { items, nextCursor } = await this.projects.list(caller.tenantId, query);
    return { items: items.map((project) => this.toDto(project)), nextCursor };
  }

  @Get(':id')
  @Requires('projects:read')
  @EtagFrom('revision')
  @ApiOperation({ summary: 'One project' })
  @ApiResponse({ status: 200, type: ProjectDto })
  async get(@Caller() caller: Principal, @Param() path: ProjectPath): Promise<ProjectDto> {
    return this.toDto(await this.projects.get(path.id, caller.tenantId));
  }

  @Patch(':id')
  @Requires('projects:write')
  @EtagFrom('revision')
  @ApiConsumes('application/json', 'application/merge-patch+json')
  @ApiOperation({ summary: 'Change name or description' })
  @ApiResponse({ status: 200, type: ProjectDto })
  async update(
    @Caller() caller: Principal,
    @Param() path: ProjectPath,
    @IfMatch() revision: number | undefined,
    @Body() body: UpdateProjectDto,
  ): Promise<ProjectDto> {
    return this.toDto(await this.projects.update(asking(caller), path.id, body, revision));
  }

  @Post(':id/role-assignments')
  @Requires('projects:write')
  @EtagFrom('revision')
  @ApiOperation({ summary: 'Assign a template to a role: one more agent' })
  @ApiResponse({ status: 201, type: CreatedProjectDto })
  async assign(
    @Caller() caller: Principal,
    @Param() path: ProjectPath,
    @Body() body: RoleAssignmentInputDto,
  ): Promise<CreatedProjectDto> {
    const { value, settled } = await this.projects.assign(asking(caller), path.id, body);
    return Object.assign(this.toDto(value), { snapshotsPending: !settled });
  }

  @Delete(':id')
  @Requires('projects:write')
  @ApiOperation({ summary: 'Stop and remove its agents, and archive it' })
  @ApiResponse({ status: 202, description: 'Its agents are on their way out' })
  @ApiResponse({ status: 204, description: 'It had no agents' })
  async archive(
    @Caller() caller: Principal,
    @Param() path: ProjectPath,
    @Res({ passthrough: true }) reply: { status(code: number): unknown },
  ): Promise<void> {
    const { roleAssignments } = await this.projects.archive(asking(caller), path.id);
    reply.status(roleAssignments.length === 0 ? HttpStatus.NO_CONTENT : HttpStatus.ACCEPTED);
  }

  private toDto(project: Parameters<typeof toProjectDto>[0]): ProjectDto {
    return toProjectDto(project, this.configuration.teamRoles);
  }
}

const asking = (caller: Principal): Asking => ({ tenantId: caller.tenantId, actor: actorOf(caller) });
