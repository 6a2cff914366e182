import type { Client } from './client.js';
import type { Command } from './command.js';
import { CommandError } from './command-error.js';
import type { CommandHandler, CommandTable, GatewayServices } from './context.js';
import { CURSOR_COMMANDS } from './cursor-commands.js';
import { EXPLAIN_COMMANDS } from './explain-command.js';
import { HANDSHAKE_COMMANDS } from './handshake-commands.js';
import { toCommandError } from './pg-error-mapping.js';
import { SCHEMA_COMMANDS } from './schema-commands.js';
import { SESSION_COMMANDS } from './session-commands.js';
import { WRITE_COMMANDS } from './write-commands.js';

const COMMANDS = tableOf(WRITE_COMMANDS, CURSOR_COMMANDS, SCHEMA_COMMANDS, SESSION_COMMANDS, EXPLAIN_COMMANDS);
const OPEN_TO_ALL = tableOf(HANDSHAKE_COMMANDS);

/** Ends the transaction by their own rules. */
const TRANSACTION_ENDS = new Set(['commitTransaction', 'abortTransaction']);

/** Carries a command out. Every error becomes an answer; an error in a transaction also ends the transaction, as in MongoDB. */
export async function dispatch(command: Command, client: Client, services: GatewayServices): Promise<Uint8Array> {
  try {
    const open = OPEN_TO_ALL.get(command.name);
    if (open) return await open(command, client, services);
    const handler = COMMANDS.get(command.name);
    if (!handler) throw new CommandError('CommandNotFound', `no such command: '${command.name}'`);
    if (client.user === undefined)
      throw new CommandError('Unauthorized', `Command ${command.name} requires authentication`);
    refuseRetryableWrite(command);
    return await handler(command, client, services);
  } catch (error) {
    if (command.inTransaction && command.session !== undefined && !TRANSACTION_ENDS.has(command.name)) {
      await services.transactions.abortOf(command.session);
    }
    return toCommandError(error, command.inTransaction).toReply();
  }
}

/**
 * A write with a number but outside a transaction asks to be applied once even if it is sent twice. Nothing here remembers such numbers
 * over a restart, so it is refused in MongoDB's own words, at which drivers advise retryWrites=false.
 */
function refuseRetryableWrite(command: Command): void {
  if (command.transactionNumber === undefined || command.inTransaction) return;
  throw new CommandError('IllegalOperation', 'Transaction numbers are only allowed on a replica set member or mongos');
}

function tableOf(...tables: readonly CommandTable[]): ReadonlyMap<string, CommandHandler> {
  return new Map(tables.flatMap((table) => Object.entries(table)));
}
