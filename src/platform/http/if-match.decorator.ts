import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';

export const IF_MATCH = 'If-Match';

/**
 * The version or revision that If-Match names (RFC 9110, section 13.1.1); undefined when the header is absent or `*`.
 * @throws ValidationFailedError when it is not one strong entity tag with a number in it
 */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): number | undefined => {
    const header = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>().headers[
      'if-match'
    ];
    if (header === undefined || header.trim() === '*') return undefined;
    const match = /^"(\d{1,9})"$/.exec(header.trim());
    if (match === null) {
      throw new ValidationFailedError([
        { pointer: 'If-Match', detail: 'must be an ETag as Muster gave it, such as "3"' },
      ]);
    }
    return Number(match[1]);
  },
  [document],
);

/** Adds the header to the description of the method's route. */
function document(controller: object, method: string | symbol | undefined): void {
  const descriptor = method === undefined ? undefined : Object.getOwnPropertyDescriptor(controller, method);
  if (method === undefined || descriptor === undefined) return;
  ApiHeader({
    name: IF_MATCH,
    required: false,
    description: 'The ETag of what you have read; the change is refused when it is not the present one.',
    example: '"3"',
  })(controller, method, descriptor);
}
