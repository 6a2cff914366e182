import { ApiProperty } from '@nestjs/swagger';
import { LIFECYCLE_ACTIONS, LIFECYCLE_STATES } from '../../../domain/lifecycle/lifecycle-states.js';
import type { LifecycleRequest, Transition } from '../../../domain/lifecycle/lifecycle.js';
import { ActorDto } from '../../../platform/http/actor.dto.js';

/** What somebody asked for, and why. */
export class TransitionRequestDto {
  @ApiProperty({ enum: LIFECYCLE_ACTIONS, example: 'restart' })
  readonly action!: string;

  @ApiProperty({ type: ActorDto })
  readonly by!: ActorDto;

  @ApiProperty({ type: String, nullable: true, example: 'it answers in the wrong language' })
  readonly reason!: string | null;
}

export class TransitionDto {
  @ApiProperty({ enum: LIFECYCLE_STATES, example: 'starting' })
  readonly from!: string;

  @ApiProperty({ enum: LIFECYCLE_STATES, example: 'running' })
  readonly to!: string;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly at!: Date;

  @ApiProperty({ example: 'agent-healthy' })
  readonly reason!: string;

  @ApiProperty({
    type: TransitionRequestDto,
    nullable: true,
    description: 'Of the first change that a request led to',
  })
  readonly request!: TransitionRequestDto | null;
}

export const toTransitionDto = ({ from, to, at, reason, request }: Transition): TransitionDto => ({
  from,
  to,
  at,
  reason,
  request: request === undefined ? null : toTransitionRequestDto(request),
});

const toTransitionRequestDto = ({ action, by, reason }: LifecycleRequest): TransitionRequestDto => ({
  action,
  by: { ...by },
  reason,
});
