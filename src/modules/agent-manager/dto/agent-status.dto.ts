import { ApiProperty } from '@nestjs/swagger';
import { AGENT_STATUSES, type AgentInstance } from '../../../domain/agent-instances/agent-instance.js';
import type { JsonObject } from '../../../domain/json.js';
import { SPAWN_PROFILES } from '../../../domain/projects/spawn.js';
import { SHOWN_STATUSES, shownStatus } from '../agent-status.js';

export class StatusTemplateDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a11' })
  readonly id!: string;

  @ApiProperty({ example: 3 })
  readonly version!: number;

  @ApiProperty({ example: '2d70999ae1805e4bcef9b4ab3a4b827f578c61740f30076fcdc35c7ae7f586b3' })
  readonly digest!: string;
}

export class StatusErrorDto {
  @ApiProperty({ example: 'IMAGE_NOT_FOUND' })
  readonly code!: string;

  @ApiProperty({ example: 'The image muster/agent is not there.' })
  readonly message!: string;

  @ApiProperty({ example: 'Build or pull the image on the engine, then start it again.' })
  readonly recovery!: string;
}

/** How an agent is: the same as GET …/agents/:id and …/lifecycle show, in short. */
export class AgentStatusDto {
  @ApiProperty({ enum: [true], example: true })
  readonly ok!: true;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10' })
  readonly agent_id!: string;

  @ApiProperty({ example: 'demo' })
  readonly name!: string;

  @ApiProperty({ example: 'default-agent-1' })
  readonly identifier!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a12' })
  readonly project_id!: string;

  @ApiProperty({ enum: SPAWN_PROFILES, nullable: true, example: 'personal', description: 'null: it was not spawned' })
  readonly profile!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { owner: 'ryan' } })
  readonly metadata!: JsonObject;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'SHA-256 of its signed manifest' })
  readonly manifest_digest!: string | null;

  @ApiProperty({ type: StatusTemplateDto })
  readonly template!: StatusTemplateDto;

  @ApiProperty({ enum: SHOWN_STATUSES, example: 'running' })
  readonly status!: string;

  @ApiProperty({ enum: AGENT_STATUSES, example: 'idle', description: 'What it is doing' })
  readonly activity!: string;

  @ApiProperty({ example: 1, description: 'How many copies are wanted' })
  readonly replicas!: number;

  @ApiProperty({ type: Date, nullable: true, example: '2026-01-31T12:00:00.000Z' })
  readonly started_at!: Date | null;

  @ApiProperty({ example: 42, description: 'Whole seconds since it was started; 0 while it does not run' })
  readonly uptime_seconds!: number;

  @ApiProperty({ type: StatusErrorDto, nullable: true, example: null })
  readonly error!: StatusErrorDto | null;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly created_at!: Date;
}

export function toAgentStatusDto(instance: AgentInstance): AgentStatusDto {
  const { lifecycle, spawn } = instance;
  const { error, startedAt, state } = lifecycle;
  const runningMs = state === 'running' && startedAt !== null ? Date.now() - startedAt.getTime() : 0;
  return {
    ok: true,
    agent_id: instance.id,
    name: instance.displayName,
    identifier: instance.identifier,
    project_id: instance.projectId,
    profile: spawn?.profile ?? null,
    metadata: spawn?.metadata ?? {},
    manifest_digest: spawn?.manifestDigest ?? null,
    template: { id: instance.templateId, version: instance.templateVersion, digest: instance.templateDigest },
    status: shownStatus(lifecycle),
    activity: instance.status,
    replicas: lifecycle.desired.replicas,
    started_at: startedAt,
    uptime_seconds: Math.max(0, Math.floor(runningMs / 1000)),
    error: error === null ? null : { code: error.code, message: error.message, recovery: error.recovery },
    created_at: instance.createdAt,
  };
}
