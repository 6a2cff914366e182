import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean } from 'class-validator';
import { ReplicaQuery } from '../../../platform/http/replica-query.dto.js';

export class StatsQueryDto extends ReplicaQuery {
  @ApiPropertyOptional({ default: false, description: 'Answer text/event-stream: one `stats` event each second' })
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean({ message: 'must be true or false' })
  readonly stream: boolean = false;
}
