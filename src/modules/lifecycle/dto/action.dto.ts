import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt } from 'class-validator';
import { LIFECYCLE_ACTIONS, type LifecycleAction } from '../../../domain/lifecycle/lifecycle-states.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

export class ActionDto {
  @ApiProperty({ enum: LIFECYCLE_ACTIONS, example: 'scale' })
  @IsIn(LIFECYCLE_ACTIONS, { message: `must be one of ${LIFECYCLE_ACTIONS.join(', ')}` })
  readonly action!: LifecycleAction;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    example: 3,
    description: 'With scale, and with nothing else: how many copies there are to be, at most MAX_REPLICAS',
  })
  @MayBeLeftOut()
  @IsInt({ message: 'must be a whole number' })
  readonly replicas?: number;
}
