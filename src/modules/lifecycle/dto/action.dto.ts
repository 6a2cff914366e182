import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { LIFECYCLE_ACTIONS, type LifecycleAction } from '../../../domain/lifecycle/lifecycle-states.js';
import { ReplicaCount } from '../../../platform/http/replica-count.dto.js';

export class ActionDto extends ReplicaCount {
  @ApiProperty({ enum: LIFECYCLE_ACTIONS, example: 'scale' })
  @IsIn(LIFECYCLE_ACTIONS, { message: `must be one of ${LIFECYCLE_ACTIONS.join(', ')}` })
  readonly action!: LifecycleAction;
}
