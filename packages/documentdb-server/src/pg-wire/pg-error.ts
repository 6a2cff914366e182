/** Thrown when PostgreSQL answers with an error. `sqlState` is its five-character code. */
export class PgError extends Error {
  readonly code = 'POSTGRES_ERROR';

  constructor(
    readonly sqlState: string,
    message: string,
    readonly detail?: string,
  ) {
    super(message);
    this.name = 'PgError';
  }
}

/** Thrown when the connection to PostgreSQL is gone. Whether the statement took effect is not known. */
export class PgConnectionLostError extends Error {
  readonly code = 'POSTGRES_CONNECTION_LOST';

  constructor(options?: ErrorOptions) {
    super('The connection to PostgreSQL was lost.', options);
    this.name = 'PgConnectionLostError';
  }
}
