import type { Row, Statement } from '../pg-wire/pg-connection.js';
import type { PgParameter } from '../pg-wire/pg-messages.js';
import type { Client } from './client.js';
import type { Command } from './command.js';
import { CommandError } from './command-error.js';
import type { GatewayServices } from './context.js';
import { isConflict } from './pg-error-mapping.js';

const ATTEMPTS = 10;

/** Runs a statement where the command belongs: on its transaction's connection, or on any. */
export async function runStatement(
  statement: Statement,
  parameters: readonly PgParameter[],
  command: Command,
  client: Client,
  { pool, transactions }: GatewayServices,
): Promise<Row> {
  if (command.inTransaction) return firstRow(await transactions.execute(command, client, statement, parameters));
  for (let attempt = 1; ; attempt++) {
    try {
      return firstRow(await pool.execute(statement, parameters));
    } catch (error) {
      // Outside a transaction a conflict is the server's to resolve, as in MongoDB: the statement was rolled back whole.
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

export function firstRow(rows: readonly Row[]): Row {
  const row = rows[0];
  if (!row) throw new CommandError('InternalError', 'DocumentDB gave no result.');
  return row;
}

/** The document in a column. @throws CommandError when there is none */
export function documentIn(row: Row, column = 0): Buffer {
  const value = row[column];
  if (!value) throw new CommandError('InternalError', 'DocumentDB gave no document.');
  return value;
}

/** A boolean column in PostgreSQL's binary form. */
export function flagIn(row: Row, column: number): boolean {
  return row[column]?.[0] === 1;
}
