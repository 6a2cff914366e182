import { Controller, Get, Headers, Param, Put, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { ApiProblem } from '../../platform/http/api-problem.decorator.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { IF_MATCH } from '../../platform/http/if-match.decorator.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { TakesStream } from '../../platform/http/takes-stream.decorator.js';
import { FileQuery } from './dto/file-query.dto.js';
import { FilesPath } from './dto/files-path.dto.js';
import { WrittenFileDto, toWrittenFileDto } from './dto/written-file.dto.js';
import { FilePreconditions } from './file-preconditions.decorator.js';
import { FilesService, type WritePreconditions } from './files.service.js';
import { endOf } from './request-end.js';
import { Uploads } from './uploads.js';

/** The bytes of one file. */
@ApiTags('files')
@Controller('projects/:projectId/agents/:id/files/content')
export class FileContentController {
  constructor(
    private readonly files: FilesService,
    private readonly uploads: Uploads,
  ) {}

  @Get()
  @Requires('files:read')
  @ApiOperation({ summary: 'Read a file, or a part of it' })
  @ApiHeader({ name: 'Range', required: false, example: 'bytes=0-1023', description: 'One range of bytes' })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'The ETag of what you have read' })
  @ApiProduces('application/octet-stream')
  @ApiResponse({ status: 200, description: 'The bytes', content: bytesOf() })
  @ApiResponse({ status: 206, description: 'The part that Range names', content: bytesOf() })
  @ApiResponse({ status: 304, description: 'It is the one that If-None-Match names' })
  @ApiProblem(409, 'It is a folder, a link, a pipe, a socket or a device; or the agent is not running')
  @ApiProblem(413, 'It is longer than FILES_MAX_BYTES; ask for parts')
  @ApiProblem(416, 'The file has no such part')
  async read(
    @Caller() caller: Principal,
    @Param() { projectId, id }: FilesPath,
    @Query() query: FileQuery,
    @Headers('range') range: string | undefined,
    @Headers('if-none-match') known: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const ended = endOf(reply);
    const content = await this.files.read({ tenantId: caller.tenantId, projectId, id }, query.path, range, ended);
    const bytes = Readable.from(content.bytes, { objectMode: false });
    reply.header('etag', `"${content.etag}"`).header('accept-ranges', 'bytes');
    if (known?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === `"${content.etag}"`) === true) {
      bytes.destroy();
      await reply.code(304).send();
      return;
    }
    if (content.range !== null) {
      const { first, last, total } = content.range;
      reply.code(206).header('content-range', `bytes ${first}-${last}/${total}`);
    }
    await reply
      .header('content-type', 'application/octet-stream')
      .header('content-disposition', 'attachment')
      .header('content-length', content.length)
      .send(bytes);
  }

  @Put()
  @Requires('files:write')
  @TakesStream('application/octet-stream')
  @ApiOperation({ summary: 'Replace or make a file, whole or not at all' })
  @ApiHeader({ name: IF_MATCH, required: false, description: 'The ETag of the file that is replaced, or *' })
  @ApiHeader({ name: 'If-None-Match', required: false, example: '*', description: '*: only if there is none yet' })
  @ApiResponse({ status: 201, type: WrittenFileDto, description: 'It was made' })
  @ApiResponse({ status: 200, type: WrittenFileDto, description: 'It was replaced' })
  async write(
    @Caller() caller: Principal,
    @Param() { projectId, id }: FilesPath,
    @Query() query: FileQuery,
    @FilePreconditions() preconditions: WritePreconditions,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WrittenFileDto> {
    const written = await this.uploads.take(request, (body) =>
      this.files.write({ tenantId: caller.tenantId, projectId, id }, query.path, body, {
        ...preconditions,
        actor: actorOf(caller),
        signal: endOf(reply),
      }),
    );
    reply.status(written.created ? 201 : 200);
    if (written.entry.etag !== null) reply.header('etag', `"${written.entry.etag}"`);
    return toWrittenFileDto(written);
  }
}

function bytesOf(): { 'application/octet-stream': { schema: { type: string; format: string } } } {
  return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
}
