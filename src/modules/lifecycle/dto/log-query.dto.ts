import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import { ReplicaQuery } from '../../../platform/http/replica-query.dto.js';
import { IsTime } from '../../../platform/http/is-time.decorator.js';

export class LogQueryDto extends ReplicaQuery {
  @ApiPropertyOptional({ minimum: 0, maximum: 10_000, default: 200, description: 'The newest lines to begin with' })
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(10_000)
  readonly tail: number = 200;

  @ApiPropertyOptional({ example: '2026-01-31T12:00:00.000Z', description: 'Only what was written since' })
  @IsOptional()
  @IsTime()
  readonly since?: string;

  @ApiPropertyOptional({ default: false, description: 'Answer text/event-stream, and go on with what comes' })
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean({ message: 'must be true or false' })
  readonly follow: boolean = false;
}
