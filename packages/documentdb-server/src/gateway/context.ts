import type { PgPool } from '../pg-wire/pg-pool.js';
import type { Client } from './client.js';
import type { Command } from './command.js';
import type { Cursors } from './cursors.js';
import type { ScramCredentials } from './scram.js';
import type { Transactions } from './transactions.js';
import type { Turns } from './turns.js';

/** What the commands of all clients share. */
export interface GatewayServices {
  readonly pool: PgPool;
  readonly cursors: Cursors;
  readonly transactions: Transactions;
  /** Statements that met others of their collection are run again in turn. */
  readonly retries: Turns;
  readonly credentials: ScramCredentials;
  /** host:port, as clients reach the server. */
  readonly address: () => string;
  readonly connections: () => number;
  readonly startedAt: number;
}

/** Carries a command out and gives the answer, a BSON document. @throws CommandError | PgError | PgConnectionLostError */
export type CommandHandler = (
  command: Command,
  client: Client,
  services: GatewayServices,
) => Promise<Uint8Array> | Uint8Array;

export type CommandTable = Readonly<Record<string, CommandHandler>>;
