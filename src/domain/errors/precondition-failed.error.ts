import { DomainError } from './domain-error.js';

/** Thrown when If-Match names another version than the stored one (RFC 9110, section 13.1.1). */
export class PreconditionFailedError extends DomainError {
  constructor(what: string, id: string, current: string) {
    super('PRECONDITION_FAILED', `The ${what} ${id} is now ${current}. Read it again, then repeat the change.`, {
      details: { what, id, current },
    });
  }
}
