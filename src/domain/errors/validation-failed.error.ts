import { DomainError, type Fault } from './domain-error.js';

/** Thrown with every fault of an input at once. */
export class ValidationFailedError extends DomainError {
  constructor(faults: readonly Fault[]) {
    const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`;
    super('VALIDATION_FAILED', `The request has ${count}; each is listed in errors.`, { faults });
  }
}
