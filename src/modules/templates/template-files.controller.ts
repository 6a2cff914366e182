import { Body, Controller, Get, Headers, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { Principal } from '../../domain/identity/principal.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { EtagFrom } from '../../platform/http/etag-from.decorator.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { fileNameIn } from './daemon-v1/template-name.js';
import { ExportTemplateQuery } from './dto/export-template.query.js';
import { ImportTemplateQuery } from './dto/import-template.query.js';
import { TemplatePath } from './dto/template-path.dto.js';
import { TemplateDto, toTemplateDto } from './dto/template.dto.js';
import { TemplateFilesService } from './template-files.service.js';

/** Templates as files. */
@ApiTags('templates')
@Controller('templates')
export class TemplateFilesController {
  constructor(private readonly files: TemplateFilesService) {}

  @Post('import')
  @Requires('templates:write')
  @EtagFrom('version')
  @ApiOperation({ summary: 'Make a template, or the next version of one, from a file' })
  @ApiConsumes('application/yaml', 'application/json')
  @ApiBody({
    schema: {
      type: 'string',
      example:
        'apiVersion: daemon/v1\nkind: Agent\nmetadata:\n  name: researcher\n  model: echo:any\nspec:\n  system_prompt: |\n    You find things out.\n',
    },
  })
  @ApiResponse({ status: 201, type: TemplateDto, description: 'A new template' })
  @ApiResponse({
    status: 200,
    type: TemplateDto,
    description: 'onConflict=version: the template had that name already',
  })
  async import(
    @Caller() caller: Principal,
    @Query() query: ImportTemplateQuery,
    @Headers() headers: Record<string, string | undefined>,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TemplateDto> {
    refuseMarkdown(headers['content-type']);
    const fileName = query.filename ?? fileNameIn(headers['content-disposition']);
    const { template, created } = await this.files.import(caller, body, {
      format: query.format,
      fileName,
      onConflict: query.onConflict,
    });
    reply.status(created ? 201 : 200);
    return toTemplateDto(template);
  }

  @Get(':id/export')
  @Requires('templates:read')
  @ApiOperation({ summary: 'The file back: as it was imported, or written anew' })
  @ApiProduces('application/yaml')
  @ApiResponse({ status: 200, schema: { type: 'string' } })
  async export(
    @Caller() caller: Principal,
    @Param() path: TemplatePath,
    @Query() query: ExportTemplateQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { fileName, mediaType, text } = await this.files.export(
      caller.tenantId,
      path.id,
      query.format,
      query.version,
    );
    reply
      .header('content-type', `${mediaType}; charset=utf-8`)
      .header('content-disposition', `attachment; filename="${fileName}"`);
    return text;
  }
}

/** The API takes Markdown for formats to come; none of them can be read yet. */
function refuseMarkdown(contentType: string | undefined): void {
  if (contentType?.toLowerCase().startsWith('text/markdown') !== true) return;
  throw new DomainError(
    'UNSUPPORTED_MEDIA_TYPE',
    'No template format in Markdown can be read yet. Send a daemon/v1 file as application/yaml or application/json.',
  );
}
