import { DomainError } from '../../domain/errors/domain-error.js';

/** Thrown at start when there is no database to be had. */
export class DatabaseUnavailableError extends DomainError {
  constructor(message: string, cause?: unknown) {
    super('DATABASE_UNAVAILABLE', message, { cause });
  }
}
