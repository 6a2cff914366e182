import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Principal } from '../../domain/identity/principal.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { EtagFrom } from '../../platform/http/etag-from.decorator.js';
import { PageQuery } from '../../platform/http/page-query.dto.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { TemplatePath } from './dto/template-path.dto.js';
import { TemplateVersionDto, toTemplateVersionDto } from './dto/template-version.dto.js';
import { toVersionListDto, VersionListDto } from './dto/version-list.dto.js';
import { VersionPath } from './dto/version-path.dto.js';
import { TemplatesService } from './templates.service.js';

/** A year, the longest that caches are told (RFC 9111 knows no "for ever"). */
const FOR_EVER = 'private, max-age=31536000, immutable';

/** The history of a template. */
@ApiTags('templates')
@Controller('templates/:id/versions')
export class TemplateVersionsController {
  constructor(private readonly templates: TemplatesService) {}

  @Get()
  @Requires('templates:read')
  @ApiOperation({ summary: 'All versions, newest first' })
  @ApiResponse({ status: 200, type: VersionListDto })
  async list(
    @Caller() caller: Principal,
    @Param() path: TemplatePath,
    @Query() query: PageQuery,
  ): Promise<VersionListDto> {
    return toVersionListDto(await this.templates.listVersions(caller.tenantId, path.id, query));
  }

  @Get(':version')
  @Requires('templates:read')
  @EtagFrom('version', { namesAll: true })
  @ApiOperation({ summary: 'One version; it never changes' })
  @ApiResponse({ status: 200, type: TemplateVersionDto })
  async get(
    @Caller() caller: Principal,
    @Param() path: VersionPath,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TemplateVersionDto> {
    const { template } = await this.templates.getSourced(caller.tenantId, path.id, path.version);
    // only now: a problem must not be kept
    reply.header('cache-control', FOR_EVER);
    return toTemplateVersionDto(template);
  }
}
