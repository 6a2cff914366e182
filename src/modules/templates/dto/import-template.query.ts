import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { TEMPLATE_FORMATS, type TemplateFormat } from '../../../domain/templates/template.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';

export class ImportTemplateQuery {
  @ApiPropertyOptional({ enum: TEMPLATE_FORMATS, default: 'daemon-v1' })
  @IsIn(TEMPLATE_FORMATS, { message: `must be one of ${TEMPLATE_FORMATS.join(', ')}` })
  readonly format: TemplateFormat = 'daemon-v1';

  @ApiPropertyOptional({
    example: 'reviewer.yaml',
    description: 'Names the template when the file does not; Content-Disposition does the same',
  })
  @IsOptional()
  @IsText({ maxLength: 255 })
  readonly filename?: string;

  @ApiPropertyOptional({
    enum: ['fail', 'version'],
    default: 'fail',
    description: 'When there is a template of that name: refuse with 409, or make its next version',
  })
  @IsIn(['fail', 'version'], { message: 'must be fail or version' })
  readonly onConflict: 'fail' | 'version' = 'fail';
}
