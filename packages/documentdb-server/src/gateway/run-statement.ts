import { setTimeout as sleep } from 'node:timers/promises';
import type { Row, Statement } from '../pg-wire/pg-connection.js';
import type { PgParameter } from '../pg-wire/pg-messages.js';
import type { Client } from './client.js';
import type { Command } from './command.js';
import { CommandError } from './command-error.js';
import type { GatewayServices } from './context.js';
import { isConflict } from './pg-error-mapping.js';

const ATTEMPTS = 40;
const LONGEST_PAUSE_MS = 50;

/** Runs a statement where the command belongs: on its transaction's connection, or on any. */
export async function runStatement(
  statement: Statement,
  parameters: readonly PgParameter[],
  command: Command,
  client: Client,
  { pool, transactions, retries }: GatewayServices,
): Promise<Row> {
  if (command.inTransaction) return firstRow(await transactions.execute(command, client, statement, parameters));
  const run = async (): Promise<Row> => firstRow(await pool.execute(statement, parameters));
  try {
    return await run();
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  // Outside a transaction a conflict is the server's to resolve, as in MongoDB: the statement was rolled back whole. One at a time,
  // or those that met would meet again: twenty inserts of one unique key ended in deadlocks ten times over.
  return retries.take(`${command.database}.${command.target ?? ''}`, () => again(run));
}

/** Those that still wait for each other come to an end in the pauses; who comes to them is the one that PostgreSQL ends. */
async function again(run: () => Promise<Row>): Promise<Row> {
  for (let attempt = 2; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
    }
    await sleep(Math.random() * LONGEST_PAUSE_MS);
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
