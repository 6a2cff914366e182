import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import type { WritePreconditions } from './files.service.js';

/**
 * If-Match with a file's entity tag or `*`, and If-None-Match with `*` (RFC 9110, sections 13.1.1 and 13.1.2).
 * @throws ValidationFailedError for anything else in them
 */
export const FilePreconditions = createParamDecorator((_: unknown, context: ExecutionContext): WritePreconditions => {
  const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
  const ifMatch = headers['if-match']?.trim();
  const ifNoneMatch = headers['if-none-match']?.trim();
  const tag = ifMatch === '*' ? ['*', '*'] : /^"([0-9a-z-]{1,64})"$/.exec(ifMatch ?? '');
  if (ifMatch !== undefined && tag === null) throw refused('If-Match', 'must be an ETag as Muster gave it, or *');
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw refused('If-None-Match', 'must be *');
  return { ...(tag?.[1] !== undefined && { ifMatch: tag[1] }), ...(ifNoneMatch === '*' && { ifNoneMatch: true }) };
});

const refused = (pointer: string, detail: string): ValidationFailedError =>
  new ValidationFailedError([{ pointer, detail }]);
