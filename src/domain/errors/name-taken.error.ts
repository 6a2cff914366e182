import { DomainError } from './domain-error.js';

/** Thrown when a name that must be unique for the tenant is already used. */
export class NameTakenError extends DomainError {
  constructor(what: string, name: string) {
    super('NAME_TAKEN', `There is already a ${what} named "${name}". Choose another name.`, {
      details: { what, name },
    });
  }
}
