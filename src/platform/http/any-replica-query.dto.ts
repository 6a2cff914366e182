import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

export class AnyReplicaQuery {
  @ApiPropertyOptional({
    minimum: 0,
    maximum: 999,
    description: 'Which copy of the agent, by its index; left out, Muster takes one that is up',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(999)
  readonly replica?: number;
}
