import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../domain/identity/principal.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { EtagFrom } from '../../platform/http/etag-from.decorator.js';
import { IfMatch } from '../../platform/http/if-match.decorator.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { CreateTemplateDto } from './dto/create-template.dto.js';
import { ListTemplatesQuery } from './dto/list-templates.query.js';
import { ReplaceTemplateDto } from './dto/replace-template.dto.js';
import { TemplateListDto, toTemplateListDto } from './dto/template-list.dto.js';
import { TemplatePath } from './dto/template-path.dto.js';
import { TemplateDto, toTemplateDto } from './dto/template.dto.js';
import { readContent, readNewTemplate } from './template-input.js';
import { contentPatch } from './template-patch.js';
import { TemplatesService } from './templates.service.js';

/** Templates: the newest version is read, changes make the next one. */
@ApiTags('templates')
@Controller('templates')
export class TemplatesController {
  constructor(private readonly templates: TemplatesService) {}

  @Post()
  @Requires('templates:write')
  @EtagFrom('version')
  @ApiOperation({ summary: 'Create a template, version 1' })
  @ApiBody({ type: CreateTemplateDto })
  @ApiResponse({ status: 201, type: TemplateDto })
  async create(@Caller() caller: Principal, @Body() body: unknown): Promise<TemplateDto> {
    return toTemplateDto(await this.templates.create(caller, readNewTemplate(body)));
  }

  @Get()
  @Requires('templates:read')
  @ApiOperation({ summary: 'List templates, newest first, without their long texts' })
  @ApiResponse({ status: 200, type: TemplateListDto })
  async list(@Caller() caller: Principal, @Query() query: ListTemplatesQuery): Promise<TemplateListDto> {
    return toTemplateListDto(await this.templates.list(caller.tenantId, query, query));
  }

  @Get(':id')
  @Requires('templates:read')
  @EtagFrom('version')
  @ApiOperation({ summary: 'The newest version' })
  @ApiResponse({ status: 200, type: TemplateDto })
  async get(@Caller() caller: Principal, @Param() path: TemplatePath): Promise<TemplateDto> {
    return toTemplateDto(await this.templates.get(caller.tenantId, path.id));
  }

  @Put(':id')
  @Requires('templates:write')
  @EtagFrom('version')
  @ApiOperation({ summary: 'Make a version with this content; what is left out takes its default' })
  @ApiBody({ type: ReplaceTemplateDto })
  @ApiResponse({ status: 200, type: TemplateDto })
  async replace(
    @Caller() caller: Principal,
    @Param() path: TemplatePath,
    @IfMatch() version: number | undefined,
    @Body() body: unknown,
  ): Promise<TemplateDto> {
    const change = ({ name }: { name: string }) => readContent(name, body);
    return toTemplateDto(await this.templates.replace(caller, path.id, change, version));
  }

  @Patch(':id')
  @Requires('templates:write')
  @EtagFrom('version')
  @ApiOperation({ summary: 'Make a version that differs in these fields' })
  @ApiConsumes('application/json', 'application/merge-patch+json')
  @ApiBody({ type: ReplaceTemplateDto })
  @ApiResponse({ status: 200, type: TemplateDto })
  async edit(
    @Caller() caller: Principal,
    @Param() path: TemplatePath,
    @IfMatch() version: number | undefined,
    @Headers('content-type') contentType: string | undefined,
    @Body() body: unknown,
  ): Promise<TemplateDto> {
    return toTemplateDto(await this.templates.edit(caller, path.id, contentPatch(contentType, body), version));
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires('templates:write')
  @ApiOperation({ summary: 'Archive: it can be read, its name is free, agents made from it live on' })
  @ApiResponse({ status: 204 })
  async archive(@Caller() caller: Principal, @Param() path: TemplatePath): Promise<void> {
    await this.templates.archive(caller, path.id);
  }
}
