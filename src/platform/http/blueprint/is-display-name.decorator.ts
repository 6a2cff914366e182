import { DISPLAY_NAME_MAX_LENGTH } from '../../../domain/templates/limits.js';
import { IsText } from '../is-text.decorator.js';

/** What people call a template or an agent. */
export const IsDisplayName = (): PropertyDecorator => IsText({ maxLength: DISPLAY_NAME_MAX_LENGTH, minLength: 1 });
