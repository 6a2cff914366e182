import { serialize } from 'bson';
import type { Statement } from '../pg-wire/pg-connection.js';
import { CommandError } from './command-error.js';
import type { CommandHandler, CommandTable } from './context.js';
import { describeDuplicateKey, indexNameIn, isDuplicateKey } from './duplicate-key.js';
import { replaceNow } from './replace-now.js';
import { documentIn, flagIn, runStatement } from './run-statement.js';
import { STATEMENTS } from './statements.js';
import { explainWriteErrors } from './write-errors.js';

/** insert, update and delete: their documents may come in the body or beside it, and either way are handed on as they came. */
function writeWith(statement: Statement): CommandHandler {
  return async (command, client, services) => {
    const { body, sequence } = command.name === 'insert' ? command.wire : replaceNow(command.wire, new Date());
    const parameters = [command.database, body, sequence ?? null];
    const row = await runStatement(statement, parameters, command, client, services);
    const result = documentIn(row);
    if (flagIn(row, 1)) return result;
    const explained = await explainWriteErrors(result, command, services);
    // A failed write ends its transaction, as in MongoDB.
    if (command.inTransaction && command.session !== undefined) await services.transactions.abortOf(command.session);
    return serialize(explained);
  };
}

const findAndModify: CommandHandler = async (command, client, services) => {
  const { body } = replaceNow(command.wire, new Date());
  try {
    return documentIn(
      await runStatement(STATEMENTS.findAndModify, [command.database, body], command, client, services),
    );
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    const duplicate = await describeDuplicateKey(command, 0, indexNameIn(error.message) ?? '', services);
    if (!duplicate) throw error;
    const { errmsg, keyPattern, keyValue } = duplicate;
    throw new CommandError('DuplicateKey', errmsg, [], { keyPattern, keyValue });
  }
};

export const WRITE_COMMANDS: CommandTable = {
  insert: writeWith(STATEMENTS.insert),
  update: writeWith(STATEMENTS.update),
  delete: writeWith(STATEMENTS.delete),
  findAndModify,
  findandmodify: findAndModify,
};
