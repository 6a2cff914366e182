import { ApiProperty } from '@nestjs/swagger';
import { LIFECYCLE_STATES } from '../../../domain/lifecycle/lifecycle-states.js';
import { errorOf } from '../../../domain/lifecycle/replicas.js';
import type { Lifecycle } from '../../../domain/lifecycle/lifecycle.js';

export class DesiredDto {
  @ApiProperty({ enum: ['enabled', 'running', 'paused', 'stopped', 'removed'], example: 'running' })
  state!: string;

  @ApiProperty({ example: 1 })
  replicas!: number;

  @ApiProperty({ example: 1, description: 'Raised by every request' })
  generation!: number;
}

export class LifecycleErrorDto {
  @ApiProperty({ example: 'IMAGE_NOT_FOUND' })
  code!: string;

  @ApiProperty({ example: 'The image muster/agent is not there.' })
  message!: string;

  @ApiProperty({ example: 'Build it with `npm run image`, then start the agent again.' })
  recovery!: string;
}

export class ReplicaDto {
  @ApiProperty({ example: 'docker' })
  operator!: string;

  @ApiProperty({ type: String, nullable: true, example: 'f2c1…' })
  containerId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'muster_web-app_web-app-dev-1_5f0c7a2e' })
  containerName!: string | null;

  @ApiProperty({ type: Number, nullable: true, example: 4711 })
  pid!: number | null;

  @ApiProperty({ enum: LIFECYCLE_STATES, example: 'running' })
  state!: string;

  @ApiProperty({ enum: ['unknown', 'healthy', 'unhealthy'], example: 'healthy' })
  health!: string;

  @ApiProperty({ type: Date, nullable: true, example: '2026-01-31T12:00:00.000Z' })
  startedAt!: Date | null;

  @ApiProperty({ type: String, nullable: true, example: 'unix' })
  endpoint!: string | null;
}

/** What is wanted of the agent, and what is. */
export class LifecycleSummaryDto {
  @ApiProperty({ type: DesiredDto })
  desired!: DesiredDto;

  @ApiProperty({ example: 1, description: 'The newest generation that was dealt with' })
  observedGeneration!: number;

  @ApiProperty({ enum: LIFECYCLE_STATES, example: 'running' })
  state!: string;

  @ApiProperty({ type: String, nullable: true, example: 'f2c1…' })
  containerId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'muster_web-app_web-app-dev-1_5f0c7a2e' })
  containerName!: string | null;

  @ApiProperty({ type: Date, nullable: true, example: '2026-01-31T12:00:00.000Z' })
  startedAt!: Date | null;

  @ApiProperty({ type: LifecycleErrorDto, nullable: true, example: null })
  error!: LifecycleErrorDto | null;

  @ApiProperty({ type: [ReplicaDto] })
  replicas!: readonly ReplicaDto[];
}

export const toLifecycleSummaryDto = (lifecycle: Lifecycle): LifecycleSummaryDto => ({
  desired: {
    state: lifecycle.desired.state,
    replicas: lifecycle.desired.replicas,
    generation: lifecycle.desired.generation,
  },
  observedGeneration: lifecycle.observedGeneration,
  state: lifecycle.state,
  containerId: lifecycle.containerId,
  containerName: lifecycle.containerName,
  startedAt: lifecycle.startedAt,
  error: errorOf(lifecycle),
  replicas: lifecycle.replicas.map((replica) => ({
    operator: replica.operator,
    containerId: replica.containerId,
    containerName: replica.containerName,
    pid: replica.pid,
    state: replica.state,
    health: replica.health,
    startedAt: replica.startedAt,
    endpoint: replica.endpoint,
  })),
});
