import { DomainError } from './domain-error.js';

/** Thrown when a document changed between reading and writing it. Safe to retry after reading again. */
export class ConcurrentUpdateError extends DomainError {
  constructor(what: string, id: string) {
    super('CONCURRENT_UPDATE', `The ${what} ${id} changed in the meantime. Read it again and repeat the change.`, {
      details: { what, id },
    });
  }
}
