import { ApiProperty } from '@nestjs/swagger';
import {
  SNAPSHOT_STATES,
  SNAPSHOT_TARGETS,
  type AgentSnapshot,
} from '../../../domain/agent-snapshots/agent-snapshot.js';
import { ActorDto } from '../../../platform/http/actor.dto.js';

export class StoredArchiveDto {
  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' })
  sha256!: string;

  @ApiProperty({ example: 10240 })
  bytes!: number;
}

export class CommittedImageDto {
  @ApiProperty({ example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' })
  id!: string;

  @ApiProperty({ example: 'muster/snapshot:66f2a1c09b1e8a4d3c5f7b01' })
  reference!: string;
}

export class SnapshotFailureDto {
  @ApiProperty({ example: 'WORKSPACE_UNAVAILABLE' })
  code!: string;

  @ApiProperty({ example: 'No space is left where Muster keeps snapshots. Nothing of it was kept.' })
  message!: string;
}

/** An agent as it was at one moment. */
export class SnapshotDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7b01' })
  id!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a13' })
  projectId!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a12' })
  agentId!: string;

  @ApiProperty({ example: 2, description: "The agent's revision, then" })
  revision!: number;

  @ApiProperty({
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    description: 'SHA-256 of what the agent was told to be',
  })
  blueprintDigest!: string;

  @ApiProperty({ enum: SNAPSHOT_TARGETS, example: 'archive' })
  target!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Before the upgrade' })
  reason!: string | null;

  @ApiProperty({ enum: SNAPSHOT_STATES.filter((state) => state !== 'deleted'), example: 'ready' })
  state!: string;

  @ApiProperty({ type: StoredArchiveDto, nullable: true, description: 'null until it is ready' })
  archive!: StoredArchiveDto | null;

  @ApiProperty({ type: CommittedImageDto, nullable: true, example: null, description: 'Of target image' })
  image!: CommittedImageDto | null;

  @ApiProperty({ type: SnapshotFailureDto, nullable: true, example: null, description: 'Why it failed' })
  error!: SnapshotFailureDto | null;

  @ApiProperty({ type: ActorDto })
  createdBy!: ActorDto;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  createdAt!: Date;

  @ApiProperty({ type: Date, nullable: true, example: '2026-01-31T12:00:01.000Z', description: 'Ready, or failed' })
  endedAt!: Date | null;
}

export const toSnapshotDto = (snapshot: AgentSnapshot): SnapshotDto => ({
  id: snapshot.id,
  projectId: snapshot.projectId,
  agentId: snapshot.instanceId,
  revision: snapshot.revision,
  blueprintDigest: snapshot.blueprintDigest,
  target: snapshot.target,
  reason: snapshot.reason,
  state: snapshot.state,
  archive: snapshot.archive,
  image: snapshot.image,
  error: snapshot.error,
  createdBy: { type: snapshot.createdBy.type, id: snapshot.createdBy.id },
  createdAt: snapshot.createdAt,
  endedAt: snapshot.endedAt,
});
