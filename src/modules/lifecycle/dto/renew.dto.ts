import { ApiProperty } from '@nestjs/swagger';
import { TTL_SECONDS } from '../../../domain/templates/manifest-bounds.js';
import { IsWholeNumber } from '../../../platform/http/is-whole-number.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

const { min, max } = TTL_SECONDS;

export class RenewDto {
  @ApiProperty({
    required: false,
    type: 'integer',
    minimum: min,
    maximum: max,
    example: 3600,
    description: "From now on, whatever was left; as the agent's manifest says when not given",
  })
  @MayBeLeftOut()
  @IsWholeNumber(min, max)
  readonly ttlSeconds?: number;
}
