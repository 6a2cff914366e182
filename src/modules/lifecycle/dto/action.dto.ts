import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { LIFECYCLE_ACTIONS, type LifecycleAction } from '../../../domain/lifecycle/lifecycle-states.js';
import { ActionDetails } from '../../../platform/http/action-details.dto.js';

export class ActionDto extends ActionDetails {
  @ApiProperty({ enum: LIFECYCLE_ACTIONS, example: 'scale' })
  @IsIn(LIFECYCLE_ACTIONS, { message: `must be one of ${LIFECYCLE_ACTIONS.join(', ')}` })
  readonly action!: LifecycleAction;
}
