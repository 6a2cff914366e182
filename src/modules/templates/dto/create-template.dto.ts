import { ApiProperty } from '@nestjs/swagger';
import { Matches, MaxLength } from 'class-validator';
import { NAME_MAX_LENGTH, SLUG } from '../../../domain/templates/limits.js';
import { TemplateContentDto } from './template-content.dto.js';

export const NAME_RULE = 'must be lower-case letters and digits, joined by single hyphens';

export class CreateTemplateDto extends TemplateContentDto {
  @ApiProperty({ example: 'reviewer', pattern: SLUG.source, maxLength: NAME_MAX_LENGTH })
  @MaxLength(NAME_MAX_LENGTH)
  @Matches(SLUG, { message: NAME_RULE })
  name!: string;
}
