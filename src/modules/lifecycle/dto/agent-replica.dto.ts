import { ApiProperty } from '@nestjs/swagger';
import { LIFECYCLE_STATES } from '../../../domain/lifecycle/lifecycle-states.js';
import type { Replica } from '../../../domain/lifecycle/lifecycle.js';

/** One running copy of an agent. */
export class AgentReplicaDto {
  @ApiProperty({ example: 'docker' })
  readonly operator!: string;

  @ApiProperty({ type: String, nullable: true, example: 'f2c1d0e9' })
  readonly containerId!: string | null;

  @ApiProperty({ example: 'muster_web-app_web-app-dev-1_5f0c7a2e' })
  readonly containerName!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    example: null,
    description: 'The container that answers for an image without agent-server; null where the image has one',
  })
  readonly companionId!: string | null;

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
}

export const toAgentReplicaDto = (replica: Replica): AgentReplicaDto => ({
  operator: replica.operator,
  containerId: replica.containerId,
  containerName: replica.containerName,
  companionId: replica.companionId ?? null,
  pid: replica.pid,
  state: replica.state,
  health: replica.health,
  startedAt: replica.startedAt,
  endpoint: replica.endpoint,
});
