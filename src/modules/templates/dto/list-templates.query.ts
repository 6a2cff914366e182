import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsOptional } from 'class-validator';
import { NAME_MAX_LENGTH, TAG_MAX_LENGTH } from '../../../domain/templates/limits.js';
import type { TemplateFilter } from '../../../domain/templates/templates.repository.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { PageQuery } from '../../../platform/http/page-query.dto.js';

export class ListTemplatesQuery extends PageQuery implements TemplateFilter {
  @ApiPropertyOptional({ example: 'subagent', description: 'Only templates with this label' })
  @IsOptional()
  @IsText({ maxLength: TAG_MAX_LENGTH })
  readonly label?: string;

  @ApiPropertyOptional({ example: 'reviewer', description: 'Only templates for this role' })
  @IsOptional()
  @IsText({ maxLength: NAME_MAX_LENGTH })
  readonly role?: string;

  @ApiPropertyOptional({
    example: 'review',
    description: 'Part of name, display name or description; upper and lower case are the same',
  })
  @IsOptional()
  @IsText({ maxLength: 100 })
  readonly q?: string;

  @ApiPropertyOptional({ type: Boolean, default: false, description: 'Archived templates too' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  readonly archived?: boolean;
}
