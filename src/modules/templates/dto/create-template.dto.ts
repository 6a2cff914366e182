import { ApiProperty } from '@nestjs/swagger';
import { NAME_MAX_LENGTH, SLUG, SLUG_RULE } from '../../../domain/templates/limits.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { TemplateContentDto } from './template-content.dto.js';

export class CreateTemplateDto extends TemplateContentDto {
  @ApiProperty({ example: 'reviewer', pattern: SLUG.source, maxLength: NAME_MAX_LENGTH })
  @IsText({ maxLength: NAME_MAX_LENGTH, pattern: { expression: SLUG, rule: SLUG_RULE } })
  name!: string;
}
