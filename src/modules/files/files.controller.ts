import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { absolutePath, relativePath } from '../../domain/files/workspace-path.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { FileListDto, toFileListDto } from './dto/file-list.dto.js';
import { FilesPath } from './dto/files-path.dto.js';
import { FolderQuery } from './dto/folder-query.dto.js';
import { FolderDto } from './dto/folder.dto.js';
import { ListQuery } from './dto/list-query.dto.js';
import { MakeFolderDto } from './dto/make-folder.dto.js';
import { RemoveQuery } from './dto/remove-query.dto.js';
import { FilesService } from './files.service.js';
import { endOf } from './request-end.js';
import { WatchResponder } from './watch-responder.js';

/** What is in a running agent's workspace. */
@ApiTags('files')
@Controller('projects/:projectId/agents/:id/files')
export class FilesController {
  constructor(
    private readonly files: FilesService,
    private readonly watches: WatchResponder,
  ) {}

  @Get()
  @Requires('files:read')
  @ApiOperation({ summary: 'What is in a folder, sorted by the bytes of the names; of anything else, itself' })
  @ApiResponse({ status: 200, type: FileListDto })
  async list(
    @Caller() caller: Principal,
    @Param() { projectId, id }: FilesPath,
    @Query() query: ListQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FileListDto> {
    return toFileListDto(await this.files.list({ tenantId: caller.tenantId, projectId, id }, query, endOf(reply)));
  }

  @Delete()
  @HttpCode(204)
  @Requires('files:write')
  @ApiOperation({ summary: 'Remove a file, a link (not what it leads to), or a folder' })
  @ApiResponse({ status: 204, description: 'It is gone' })
  async remove(
    @Caller() caller: Principal,
    @Param() { projectId, id }: FilesPath,
    @Query() query: RemoveQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const by = { actor: actorOf(caller), signal: endOf(reply) };
    await this.files.remove({ tenantId: caller.tenantId, projectId, id }, query.path, query.recursive, by);
  }

  @Post('folders')
  @Requires('files:write')
  @ApiOperation({ summary: 'Make a folder, and those on the way to it' })
  @ApiResponse({ status: 201, type: FolderDto, description: 'It was made' })
  @ApiResponse({ status: 200, type: FolderDto, description: 'It was there' })
  async makeFolder(
    @Caller() caller: Principal,
    @Param() { projectId, id }: FilesPath,
    @Body() body: MakeFolderDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FolderDto> {
    const by = { actor: actorOf(caller), signal: endOf(reply) };
    const made = await this.files.makeFolder({ tenantId: caller.tenantId, projectId, id }, body.path, by);
    reply.status(made ? 201 : 200);
    return { path: absolutePath(relativePath(body.path)) };
  }

  @Get('watch')
  @Requires('files:read')
  @ApiOperation({ summary: 'What is created, changed and deleted in a folder and below it, as server-sent events' })
  @ApiProduces('text/event-stream')
  @ApiResponse({ status: 200, description: 'event: change, data: {kind, path, type}; the first is of kind watching' })
  async watch(
    @Caller() caller: Principal,
    @Param() { projectId, id }: FilesPath,
    @Query() query: FolderQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.watches.respond({ tenantId: caller.tenantId, projectId, id }, query.path, reply);
  }
}
