import { ApiProperty } from '@nestjs/swagger';
import { AGENT_STATUSES } from '../../../domain/agent-instances/agent-instance.js';
import { LIFECYCLE_STATES } from '../../../domain/lifecycle/lifecycle-states.js';
import { DEFAULT_RESTART_POLICY, hasGivenUp } from '../../../domain/lifecycle/restart-policy.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { errorOf } from '../../../domain/lifecycle/replicas.js';
import { AgentReplicaDto, toAgentReplicaDto } from './agent-replica.dto.js';
import { FailureDto, toFailureDto } from './failure.dto.js';
import { HealthCheckDto, toHealthCheckDto } from './health-check.dto.js';
import { PinnedImageDto, toPinnedImageDto } from './pinned-image.dto.js';
import { PortDto, toPortDtos } from './port.dto.js';
import { TransitionDto, toTransitionDto } from './transition.dto.js';
import { WantedDto, toWantedDto } from './wanted.dto.js';

/** What is wanted of an agent, what it is, and how it came there. */
export class AgentLifecycleDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10', description: 'The agent' })
  readonly id!: string;

  @ApiProperty({ example: 'web-app-dev-1' })
  readonly identifier!: string;

  @ApiProperty({ enum: LIFECYCLE_STATES, example: 'running' })
  readonly state!: string;

  @ApiProperty({ enum: AGENT_STATUSES, example: 'idle' })
  readonly status!: string;

  @ApiProperty({ type: Number, nullable: true, example: 4711 })
  readonly pid!: number | null;

  @ApiProperty({ type: WantedDto })
  readonly desired!: WantedDto;

  @ApiProperty({ example: 1, description: 'The newest generation that was dealt with, reached or failed' })
  readonly observedGeneration!: number;

  @ApiProperty({ type: String, nullable: true, example: 'f2c1d0e9' })
  readonly containerId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'muster_web-app_web-app-dev-1_5f0c7a2e' })
  readonly containerName!: string | null;

  @ApiProperty({ type: Date, nullable: true, example: '2026-01-31T12:00:00.000Z' })
  readonly startedAt!: Date | null;

  @ApiProperty({
    type: FailureDto,
    nullable: true,
    example: null,
    description: 'Of the agent, or of one of its replicas',
  })
  readonly error!: FailureDto | null;

  @ApiProperty({ example: 0, description: 'Failures in a row since it last ran well' })
  readonly failures!: number;

  @ApiProperty({ type: Date, nullable: true, example: null, description: 'When it is tried again' })
  readonly retryAt!: Date | null;

  @ApiProperty({
    example: false,
    description: 'Wanted to run, and stopped because nobody used it: its next use wakes it',
  })
  readonly asleep!: boolean;

  @ApiProperty({
    type: Date,
    nullable: true,
    example: null,
    description: 'The last run, exec, terminal or file transfer',
  })
  readonly lastUsedAt!: Date | null;

  @ApiProperty({
    type: Date,
    nullable: true,
    example: null,
    description: 'When it is destroyed, unless in use or renewed',
  })
  readonly expiresAt!: Date | null;

  @ApiProperty({ type: HealthCheckDto })
  readonly healthCheck!: HealthCheckDto;

  @ApiProperty({ type: PinnedImageDto, nullable: true, description: 'What the image in its manifest is to this agent' })
  readonly image!: PinnedImageDto | null;

  @ApiProperty({ type: [PortDto], description: 'Where its ports are to be reached, whichever replica that leads to' })
  readonly ports!: readonly PortDto[];

  @ApiProperty({ type: [AgentReplicaDto] })
  readonly replicas!: readonly AgentReplicaDto[];

  @ApiProperty({ type: [TransitionDto], description: 'The last twenty, oldest first' })
  readonly transitions!: readonly TransitionDto[];
}

/** The reconciler also looks when a time to live ends; that is not for who waits for another attempt. */
const isTriedAgain = (lifecycle: ManagedInstance['lifecycle']): boolean =>
  errorOf(lifecycle) !== null && !(lifecycle.state === 'failed' && hasGivenUp(lifecycle, DEFAULT_RESTART_POLICY));

export function toAgentLifecycleDto(instance: ManagedInstance): AgentLifecycleDto {
  const { id, identifier, status, pid, lifecycle } = instance;
  const error = errorOf(lifecycle);
  return {
    id,
    identifier,
    state: lifecycle.state,
    status,
    pid,
    desired: toWantedDto(lifecycle.desired),
    observedGeneration: lifecycle.observedGeneration,
    containerId: lifecycle.containerId,
    containerName: lifecycle.containerName,
    startedAt: lifecycle.startedAt,
    error: error === null ? null : toFailureDto(error),
    failures: lifecycle.failures,
    retryAt: isTriedAgain(lifecycle) ? lifecycle.retryAt : null,
    asleep: lifecycle.sleep === 'asleep',
    lastUsedAt: lifecycle.lastUsedAt,
    expiresAt: lifecycle.expiresAt,
    healthCheck: toHealthCheckDto(lifecycle.healthCheck),
    image: lifecycle.image ? toPinnedImageDto(lifecycle.image) : null,
    ports: toPortDtos(instance),
    replicas: lifecycle.replicas.map((replica) => toAgentReplicaDto(replica, lifecycle)),
    transitions: lifecycle.transitions.map(toTransitionDto),
  };
}
