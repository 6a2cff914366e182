import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { TEMPLATE_FORMATS, type TemplateFormat } from '../../../domain/templates/template.js';

export class ExportTemplateQuery {
  @ApiPropertyOptional({ enum: TEMPLATE_FORMATS, default: 'daemon-v1' })
  @IsIn(TEMPLATE_FORMATS, { message: `must be one of ${TEMPLATE_FORMATS.join(', ')}` })
  readonly format: TemplateFormat = 'daemon-v1';

  @ApiPropertyOptional({ example: 1, minimum: 1, description: 'The newest when left out' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  readonly version?: number;
}
