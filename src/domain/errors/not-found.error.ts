import { DomainError } from './domain-error.js';

/** Thrown when a document does not exist for this tenant. Another tenant's document is told in the same words. */
export class NotFoundError extends DomainError {
  constructor(what: string, id: string) {
    super('NOT_FOUND', `There is no ${what} ${id}. Check the id, and that the key belongs to the right tenant.`, {
      details: { what, id },
    });
  }
}
