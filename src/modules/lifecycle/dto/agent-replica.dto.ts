import { ApiProperty } from '@nestjs/swagger';
import { LIFECYCLE_STATES } from '../../../domain/lifecycle/lifecycle-states.js';
import type { Lifecycle, Replica } from '../../../domain/lifecycle/lifecycle.js';
import { errorOfReplica } from '../../../domain/lifecycle/replicas.js';
import { FailureDto, toFailureDto } from './failure.dto.js';
import { ReplicaSecretDto, toReplicaSecretDto } from './replica-secret.dto.js';

/** One running copy of an agent. */
export class AgentReplicaDto {
  @ApiProperty({ example: 0, description: '0 is the one that prompts and files go to' })
  readonly index!: number;

  @ApiProperty({ example: 'docker' })
  readonly operator!: string;

  @ApiProperty({ type: String, nullable: true, example: 'f2c1d0e9' })
  readonly containerId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'muster_web-app_web-app-dev-1_5f0c7a2e' })
  readonly containerName!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: null,
    description: 'The container that answers for an image without agent-server; null where the image has one',
  })
  readonly companionId!: string | null;

  @ApiProperty({
    type: [ReplicaSecretDto],
    description: 'Secrets that it was given when it started; those of its next start may be newer',
  })
  readonly secrets!: readonly ReplicaSecretDto[];

  @ApiProperty({ type: Number, nullable: true, example: 4711 })
  readonly pid!: number | null;

  @ApiProperty({ enum: LIFECYCLE_STATES, example: 'running' })
  readonly state!: string;

  @ApiProperty({ enum: ['unknown', 'healthy', 'unhealthy'], example: 'healthy' })
  readonly health!: string;

  @ApiProperty({ type: Date, nullable: true, example: '2026-01-31T12:00:00.000Z' })
  readonly startedAt!: Date | null;

  @ApiProperty({ type: String, nullable: true, example: 'unix' })
  readonly endpoint!: string | null;

  @ApiProperty({ type: FailureDto, nullable: true, example: null })
  readonly error!: FailureDto | null;
}

export function toAgentReplicaDto(replica: Replica, lifecycle: Lifecycle): AgentReplicaDto {
  const error = errorOfReplica(lifecycle, replica);
  return {
    index: replica.index,
    operator: replica.operator,
    containerId: replica.containerId,
    containerName: replica.containerName,
    companionId: replica.companionId ?? null,
    secrets: (replica.secrets ?? []).map(toReplicaSecretDto),
    pid: replica.pid,
    state: replica.state,
    health: replica.health,
    startedAt: replica.startedAt,
    endpoint: replica.endpoint,
    error: error === null ? null : toFailureDto(error),
  };
}
