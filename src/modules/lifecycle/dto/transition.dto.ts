import { ApiProperty } from '@nestjs/swagger';
import { LIFECYCLE_STATES } from '../../../domain/lifecycle/lifecycle-states.js';
import type { Transition } from '../../../domain/lifecycle/lifecycle.js';

export class TransitionDto {
  @ApiProperty({ enum: LIFECYCLE_STATES, example: 'starting' })
  readonly from!: string;

  @ApiProperty({ enum: LIFECYCLE_STATES, example: 'running' })
  readonly to!: string;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly at!: Date;

  @ApiProperty({ example: 'agent-healthy' })
  readonly reason!: string;
}

export const toTransitionDto = ({ from, to, at, reason }: Transition): TransitionDto => ({ from, to, at, reason });
