import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsText } from './is-text.decorator.js';
import { MayBeLeftOut } from './may-be-left-out.decorator.js';

/** Characters. */
const LONGEST = 500;

/** Why something is asked for, in the words of who asks; may be left out. It ends up in the event log: see docs/adr/0023. */
export const IsReason = (about: { readonly example: string; readonly description: string }): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ type: 'string', minLength: 1, maxLength: LONGEST, ...about }),
    MayBeLeftOut(),
    IsText({ minLength: 1, maxLength: LONGEST }),
  );
