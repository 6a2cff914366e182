import { Controller, Get, Param, Put, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { ApiProblem } from '../../platform/http/api-problem.decorator.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { TakesStream } from '../../platform/http/takes-stream.decorator.js';
import { FilesPath } from './dto/files-path.dto.js';
import { FolderQuery } from './dto/folder-query.dto.js';
import { UnpackedArchiveDto } from './dto/unpacked-archive.dto.js';
import { FilesService } from './files.service.js';
import { endOf } from './request-end.js';
import { Uploads } from './uploads.js';

const TAR = 'application/x-tar';
const GZIP = 'application/gzip';

/** Whole folders, as tar streams. */
@ApiTags('files')
@Controller('projects/:projectId/agents/:id/files/archive')
export class FileArchivesController {
  constructor(
    private readonly files: FilesService,
    private readonly uploads: Uploads,
  ) {}

  @Get()
  @Requires('files:read')
  @ApiOperation({ summary: 'Download a folder, or a file, as a tar stream; names are relative to the folder' })
  @ApiProduces(TAR)
  @ApiResponse({
    status: 200,
    description: 'Files, folders and links. A stream that breaks off is not whole',
    content: { [TAR]: { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiProblem(409, 'It is a pipe, a socket or a device, or behind a link; or the agent is not running')
  @ApiProblem(413, 'It is more than FILES_MAX_BYTES or FILES_MAX_ENTRIES')
  async download(
    @Caller() caller: Principal,
    @Param() { projectId, id }: FilesPath,
    @Query() query: FolderQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const stream = await this.files.pack({ tenantId: caller.tenantId, projectId, id }, query.path, endOf(reply));
    await reply
      .header('content-type', TAR)
      .header('content-disposition', 'attachment')
      .send(Readable.from(stream, { objectMode: false }));
  }

  @Put()
  @Requires('files:write')
  @TakesStream(TAR, GZIP)
  @ApiOperation({ summary: 'Unpack a tar stream, gzipped or not, into a folder: all of it, or nothing' })
  @ApiResponse({ status: 200, type: UnpackedArchiveDto })
  async upload(
    @Caller() caller: Principal,
    @Param() { projectId, id }: FilesPath,
    @Query() query: FolderQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UnpackedArchiveDto> {
    const gzip = request.headers['content-type']?.toLowerCase().startsWith(GZIP) === true;
    const how = { gzip, actor: actorOf(caller), signal: endOf(reply) };
    return this.uploads.take(request, (body) =>
      this.files.unpack({ tenantId: caller.tenantId, projectId, id }, query.path, body, how),
    );
  }
}
