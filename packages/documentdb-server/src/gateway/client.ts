import type { ScramExchange } from './scram.js';

/** One connected client, as the commands see it. Transactions and cursors are tied to the client that used them last. */
export class Client {
  /** The user who has proved the password on this connection. */
  user: string | undefined;
  /** A SCRAM exchange that has begun. */
  exchange:
    { readonly id: number; readonly scram: ScramExchange; readonly skipsEmpty: boolean; proven: boolean } | undefined;

  constructor(readonly id: number) {}
}
