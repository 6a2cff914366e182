import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';

export class ReplicaQuery {
  @ApiPropertyOptional({ minimum: 0, maximum: 999, default: 0, description: 'Which copy of the agent, by its index' })
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(999)
  readonly replica: number = 0;
}
