import { ApiPropertyOptional } from '@nestjs/swagger';
import { PROJECT_NAME_MAX_LENGTH, type ProjectChange } from '../../../domain/projects/project.js';
import { DESCRIPTION_MAX_BYTES } from '../../../domain/templates/limits.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

/** A field that is given replaces the stored one. The slug stays: identifiers are made of it. */
export class UpdateProjectDto implements ProjectChange {
  @ApiPropertyOptional({ example: 'Web App 2', maxLength: PROJECT_NAME_MAX_LENGTH })
  @MayBeLeftOut()
  @IsText({ maxLength: PROJECT_NAME_MAX_LENGTH, minLength: 1 })
  name?: string;

  @ApiPropertyOptional({ example: 'The shop, rewritten again' })
  @MayBeLeftOut()
  @IsText({ maxBytes: DESCRIPTION_MAX_BYTES })
  description?: string;
}
