import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { ApiProblem } from '../../platform/http/api-problem.decorator.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { PageQuery } from '../../platform/http/page-query.dto.js';
import { Prefer } from '../../platform/http/prefer.decorator.js';
import type { Preferences } from '../../platform/http/preferences.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { AgentSnapshotsService } from './agent-snapshots.service.js';
import { CreateSnapshotDto } from './dto/create-snapshot.dto.js';
import { SnapshotListDto, toSnapshotListDto } from './dto/snapshot-list.dto.js';
import { pathFor, SnapshotPath, SnapshotsOfPath } from './dto/snapshot-path.dto.js';
import { SnapshotDto, toSnapshotDto } from './dto/snapshot.dto.js';

const DEFAULT_WAIT_MS = 30_000;
const TAR = 'application/x-tar';

/** Agents as they were: taking snapshots, looking at them, deleting them. */
@ApiTags('snapshots')
@Controller('projects/:projectId/agents/:id/snapshots')
export class AgentSnapshotsController {
  constructor(private readonly snapshots: AgentSnapshotsService) {}

  @Post()
  @Requires('agents:operate')
  @ApiOperation({ summary: 'Take a snapshot: what the agent is told to be, and its workspace' })
  @ApiHeader({ name: 'Prefer', required: false, example: 'wait=30', description: 'wait=N seconds, or respond-async' })
  @ApiResponse({ status: 201, type: SnapshotDto, description: 'It is ready' })
  @ApiResponse({ status: 202, type: SnapshotDto, description: 'It is being taken; Location says where to look' })
  @ApiProblem(409, 'The agent has no container, is just starting, or was asked for something else meanwhile')
  @ApiProblem(413, 'The workspace is more than SNAPSHOT_MAX_BYTES or SNAPSHOT_MAX_ENTRIES')
  @ApiProblem(429, 'The agent has as many snapshots as it can have')
  @ApiProblem(501, 'The runtime cannot do that')
  @ApiProblem(504, 'The engine took too long')
  async create(
    @Caller() caller: Principal,
    @Param() path: SnapshotsOfPath,
    @Body() body: CreateSnapshotDto,
    @Prefer() { waitMs = DEFAULT_WAIT_MS, respondAsync }: Preferences,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SnapshotDto> {
    const wait = respondAsync ? 0 : waitMs;
    const snapshot = await this.snapshots.create(pathFor(caller, path), body, actorOf(caller), wait);
    reply.status(snapshot.state === 'pending' ? 202 : 201);
    reply.header('location', `/api/v1/projects/${path.projectId}/agents/${path.id}/snapshots/${snapshot.id}`);
    return toSnapshotDto(snapshot);
  }

  @Get()
  @Requires('agents:read')
  @ApiOperation({ summary: 'The snapshots of an agent, newest first' })
  @ApiResponse({ status: 200, type: SnapshotListDto })
  async list(
    @Caller() caller: Principal,
    @Param() path: SnapshotsOfPath,
    @Query() page: PageQuery,
  ): Promise<SnapshotListDto> {
    return toSnapshotListDto(await this.snapshots.list(pathFor(caller, path), page));
  }

  @Get(':snapshotId')
  @Requires('agents:read')
  @ApiOperation({ summary: 'One snapshot' })
  @ApiResponse({ status: 200, type: SnapshotDto })
  async get(@Caller() caller: Principal, @Param() path: SnapshotPath): Promise<SnapshotDto> {
    return toSnapshotDto(await this.snapshots.get(pathFor(caller, path), path.snapshotId));
  }

  @Delete(':snapshotId')
  @HttpCode(204)
  @Requires('agents:operate')
  @ApiOperation({ summary: 'Delete a snapshot, with its archive and its image' })
  @ApiResponse({ status: 204, description: 'It is gone' })
  @ApiProblem(409, 'It is being taken, or an agent still needs it')
  async remove(@Caller() caller: Principal, @Param() path: SnapshotPath): Promise<void> {
    await this.snapshots.remove(pathFor(caller, path), path.snapshotId, actorOf(caller));
  }

  @Get(':snapshotId/archive')
  @Requires('files:read')
  @ApiOperation({ summary: 'Download the workspace of a snapshot as a tar file' })
  @ApiProduces(TAR)
  @ApiResponse({
    status: 200,
    description: 'Repr-Digest has its SHA-256 (RFC 9530). A stream that breaks off is not whole',
    content: { [TAR]: { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiProblem(409, 'It is not ready, or not what was written')
  async download(@Caller() caller: Principal, @Param() path: SnapshotPath, @Res() reply: FastifyReply): Promise<void> {
    const { archive, bytes } = await this.snapshots.archiveOf(pathFor(caller, path), path.snapshotId);
    await reply
      .header('content-type', TAR)
      .header('content-length', archive.bytes)
      .header('content-disposition', 'attachment')
      .header('repr-digest', `sha-256=:${Buffer.from(archive.sha256, 'hex').toString('base64')}:`)
      .send(Readable.from(bytes, { objectMode: false }));
  }
}
