import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { Principal } from '../../domain/identity/principal.js';

/** What the auth guard leaves on the request. */
export interface AuthenticatedRequest {
  principal?: Principal;
}

/** Who calls, as the auth guard found out. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (principal === undefined) throw new DomainError('UNAUTHENTICATED', 'This route needs an API key.');
  return principal;
});
