import { DomainError, type Fault } from './domain-error.js';

/** Thrown when an archived document is to be changed or used. */
export class ArchivedError extends DomainError {
  constructor(what: string, id: string, faults: readonly Fault[] = []) {
    super('ARCHIVED', `The ${what} ${id} is archived: it can be read, but neither changed nor used for new agents.`, {
      details: { what, id },
      faults,
    });
  }
}
