import { Body, Controller, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { ApiProblem } from '../../platform/http/api-problem.decorator.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { IfMatch } from '../../platform/http/if-match.decorator.js';
import { Prefer } from '../../platform/http/prefer.decorator.js';
import type { Preferences } from '../../platform/http/preferences.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { AgentSnapshotsService } from './agent-snapshots.service.js';
import { ForkDto, toForkDto } from './dto/fork.dto.js';
import { ForkSnapshotDto } from './dto/fork-snapshot.dto.js';
import { RestoreSnapshotDto } from './dto/restore-snapshot.dto.js';
import { RestoreDto, toRestoreDto } from './dto/restore.dto.js';
import { pathFor, SnapshotPath } from './dto/snapshot-path.dto.js';

const DEFAULT_WAIT_MS = 30_000;

/** What snapshots are for: giving them back to their agents, and making other agents of them. */
@ApiTags('snapshots')
@Controller('projects/:projectId/agents/:id/snapshots/:snapshotId')
export class SnapshotUsesController {
  constructor(private readonly snapshots: AgentSnapshotsService) {}

  @Post('restore')
  @Requires('agents:operate')
  @ApiOperation({ summary: 'Make the agent what it was: one revision more, its workspace and its container replaced' })
  @ApiBody({ type: RestoreSnapshotDto, required: false })
  @ApiHeader({ name: 'Prefer', required: false, example: 'wait=30', description: 'wait=N seconds, or respond-async' })
  @ApiResponse({ status: 200, type: RestoreDto, description: 'It is done, and the agent is as it is wanted to be' })
  @ApiResponse({ status: 202, type: RestoreDto, description: 'It is on its way' })
  @ApiProblem(409, 'The snapshot is not ready or damaged, or the agent is being removed')
  @ApiProblem(501, 'The runtime cannot do that')
  @ApiProblem(504, 'The agent or its engine took too long')
  async restore(
    @Caller() caller: Principal,
    @Param() path: SnapshotPath,
    @Body() { reason }: RestoreSnapshotDto,
    @IfMatch() ifMatch: number | undefined,
    @Prefer() { waitMs = DEFAULT_WAIT_MS, respondAsync }: Preferences,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RestoreDto> {
    const options = { actor: actorOf(caller), ifMatch, reason, waitMs: respondAsync ? 0 : waitMs };
    const result = await this.snapshots.restore(pathFor(caller, path), path.snapshotId, options);
    reply.status(result.reached ? 200 : 202);
    return toRestoreDto(path.snapshotId, result.instance);
  }

  @Post('fork')
  @Requires('agents:operate')
  @ApiOperation({ summary: 'Make another agent of it, in the same project' })
  @ApiHeader({ name: 'Prefer', required: false, example: 'wait=30', description: 'wait=N seconds, or respond-async' })
  @ApiResponse({ status: 201, type: ForkDto, description: 'Location is the new agent' })
  @ApiProblem(409, 'The snapshot is not ready or damaged, or the project is archived')
  @ApiProblem(429, 'A quota does not leave as much')
  @ApiProblem(501, 'The runtime cannot do that')
  async fork(
    @Caller() caller: Principal,
    @Param() path: SnapshotPath,
    @Body() body: ForkSnapshotDto,
    @Prefer() { waitMs = DEFAULT_WAIT_MS, respondAsync }: Preferences,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ForkDto> {
    const options = { actor: actorOf(caller), waitMs: respondAsync ? 0 : waitMs };
    const forked = await this.snapshots.fork(pathFor(caller, path), path.snapshotId, body, options);
    reply.header('location', `/api/v1/projects/${path.projectId}/agents/${forked.agent.id}`);
    return toForkDto(path.snapshotId, forked);
  }
}
