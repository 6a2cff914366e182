import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { FILE_FORMATS } from './import-template.query.js';

export class ExportTemplateQuery {
  @ApiPropertyOptional({ enum: FILE_FORMATS, default: 'daemon-v1' })
  @IsIn(FILE_FORMATS, { message: `must be one of ${FILE_FORMATS.join(', ')}` })
  readonly format: (typeof FILE_FORMATS)[number] = 'daemon-v1';

  @ApiPropertyOptional({ example: 1, minimum: 1, description: 'The newest when left out' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  readonly version?: number;
}
