import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt } from 'class-validator';
import { MayBeLeftOut } from './may-be-left-out.decorator.js';

/** Of whatever asks for an action: how many copies a scale is to bring. */
export class ReplicaCount {
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
