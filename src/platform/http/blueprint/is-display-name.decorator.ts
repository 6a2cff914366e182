import { applyDecorators } from '@nestjs/common';
import { MaxLength } from 'class-validator';
import { DISPLAY_NAME_MAX_LENGTH } from '../../../domain/templates/limits.js';
import { IsText } from '../is-text.decorator.js';

/** What people call a template or an agent. */
export const IsDisplayName = (): PropertyDecorator =>
  applyDecorators(
    MaxLength(DISPLAY_NAME_MAX_LENGTH),
    // so many characters may be four times as many bytes
    IsText({ maxBytes: 4 * DISPLAY_NAME_MAX_LENGTH, minLength: 1 }),
  );
