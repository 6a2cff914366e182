import { DomainError } from './domain-error.js';

/** Thrown when a document's outbox holds its limit of events; the log has to catch up first. */
export class OutboxFullError extends DomainError {
  constructor(what: string, id: string) {
    super(
      'OUTBOX_FULL',
      `The ${what} ${id} has too many events waiting for the event log. Try again in a few seconds.`,
      {
        details: { what, id },
      },
    );
  }
}
