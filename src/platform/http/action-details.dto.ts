import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt } from 'class-validator';
import { IsReason } from './is-reason.decorator.js';
import { MayBeLeftOut } from './may-be-left-out.decorator.js';

/** Of whatever asks for an action: how many copies a scale is to bring, and why it is asked for. */
export class ActionDetails {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    example: 3,
    description: 'With scale, and with nothing else: how many copies there are to be, at most MAX_REPLICAS',
  })
  @MayBeLeftOut()
  @IsInt({ message: 'must be a whole number' })
  readonly replicas?: number;

  @IsReason({
    example: 'it answers in the wrong language',
    description:
      "Why, in your own words. It stands in the agent's transitions and in the event log for good: no secrets",
  })
  readonly reason?: string;
}
