import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean } from 'class-validator';

export class StatsQueryDto {
  @ApiPropertyOptional({ default: false, description: 'Answer text/event-stream: one `stats` event each second' })
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean({ message: 'must be true or false' })
  readonly stream: boolean = false;
}
