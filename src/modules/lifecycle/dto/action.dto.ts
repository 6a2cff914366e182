import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { LIFECYCLE_ACTIONS, type LifecycleAction } from '../../../domain/lifecycle/lifecycle-states.js';

export class ActionDto {
  @ApiProperty({ enum: LIFECYCLE_ACTIONS, example: 'start' })
  @IsIn(LIFECYCLE_ACTIONS, { message: `must be one of ${LIFECYCLE_ACTIONS.join(', ')}` })
  readonly action!: LifecycleAction;
}
