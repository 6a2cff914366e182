import { DomainError } from '../../domain/errors/domain-error.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { errorOf } from '../../domain/lifecycle/replicas.js';

/** What an agent failed in, as the error of who waited for it. */
export function failureOf({ id, lifecycle }: ManagedInstance): DomainError {
  const error = errorOf(lifecycle);
  if (error === null) return new DomainError('INTERNAL', `Agent ${id} failed, and does not say why.`);
  return new DomainError(error.code, `${error.message} ${error.recovery}`, {
    details: { id, recovery: error.recovery },
  });
}
