import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';
import { TemplateContentDto } from './template-content.dto.js';

export class ReplaceTemplateDto extends TemplateContentDto {
  @ApiPropertyOptional({ example: 'reviewer', description: 'A name never changes: only the present one is taken' })
  @MayBeLeftOut()
  @IsString()
  name?: string;
}
