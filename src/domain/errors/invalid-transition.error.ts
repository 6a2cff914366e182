import { DomainError } from './domain-error.js';

/** Thrown when a lifecycle state may not follow another, or an action makes no sense in a state. */
export class InvalidTransitionError extends DomainError {
  constructor(what: string, from: string, to: string) {
    super('INVALID_TRANSITION', `${what} is ${from}; from there it cannot go to ${to}.`, { details: { from, to } });
  }
}
