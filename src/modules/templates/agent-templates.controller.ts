import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../domain/identity/principal.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { AgentTemplateInputDto, toNewTemplate } from './dto/agent-template-input.dto.js';
import {
  AgentTemplateListDto,
  AgentTemplateMadeDto,
  toAgentTemplateListDto,
  toAgentTemplateMadeDto,
} from './dto/agent-template.dto.js';
import { ListTemplatesQuery } from './dto/list-templates.query.js';
import { TemplatesService } from './templates.service.js';

/** Templates among the agent-manager's routes, for those who spawn agents from them. */
@ApiTags('agent-manager')
@Controller('agent/templates')
export class AgentTemplatesController {
  constructor(private readonly templates: TemplatesService) {}

  @Post()
  @Requires('templates:write')
  @ApiOperation({ summary: 'Create a template, version 1' })
  @ApiResponse({ status: 201, type: AgentTemplateMadeDto })
  async create(@Caller() caller: Principal, @Body() body: AgentTemplateInputDto): Promise<AgentTemplateMadeDto> {
    return toAgentTemplateMadeDto(await this.templates.create(caller, toNewTemplate(body)));
  }

  @Get()
  @Requires('templates:read')
  @ApiOperation({ summary: 'List templates, newest first' })
  @ApiResponse({ status: 200, type: AgentTemplateListDto })
  async list(@Caller() caller: Principal, @Query() query: ListTemplatesQuery): Promise<AgentTemplateListDto> {
    return toAgentTemplateListDto(await this.templates.list(caller.tenantId, query, query));
  }
}
