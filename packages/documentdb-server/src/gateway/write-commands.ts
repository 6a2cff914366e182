import { serialize, type Document } from 'bson';
import type { Statement } from '../pg-wire/pg-connection.js';
import type { Command } from './command.js';
import { CommandError, MongoCode } from './command-error.js';
import type { CommandHandler, CommandTable } from './context.js';
import { describeDuplicateKey, indexNameIn, isDuplicateKey } from './duplicate-key.js';
import { replaceNow } from './replace-now.js';
import { documentIn, flagIn, runStatement } from './run-statement.js';
import { STATEMENTS } from './statements.js';
import { explainWriteErrors } from './write-errors.js';

const ATTEMPTS = 5;

/** insert, update and delete: their documents may come in the body or beside it, and either way are handed on as they came. */
function writeWith(statement: Statement): CommandHandler {
  return async (command, client, services) => {
    const { body, sequence } = command.name === 'insert' ? command.wire : replaceNow(command.wire, new Date());
    const parameters = [command.database, body, sequence ?? null];
    for (let attempt = 1; ; attempt++) {
      const row = await runStatement(statement, parameters, command, client, services);
      const result = documentIn(row);
      if (flagIn(row, 1)) return result;
      const explained = await explainWriteErrors(result, command, services);
      if (attempt < ATTEMPTS && mayPassNextTime(explained, command)) continue;
      // A failed write ends its transaction, as in MongoDB.
      if (command.inTransaction && command.session !== undefined) await services.transactions.abortOf(command.session);
      return serialize(explained);
    }
  };
}

const findAndModify: CommandHandler = async (command, client, services) => {
  const { body } = replaceNow(command.wire, new Date());
  const parameters = [command.database, body];
  for (let attempt = 1; ; attempt++) {
    try {
      return documentIn(await runStatement(STATEMENTS.findAndModify, parameters, command, client, services));
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      if (attempt < ATTEMPTS && !command.inTransaction && mayUpsert(command)) continue;
      const duplicate = await describeDuplicateKey(command, 0, indexNameIn(error.message) ?? '', services);
      if (!duplicate) throw error;
      const { errmsg, keyPattern, keyValue } = duplicate;
      throw new CommandError('DuplicateKey', errmsg, [], { keyPattern, keyValue });
    }
  }
};

/**
 * Two upserts of one key at once both find nothing; the later insert meets the earlier one's key. Sent again it finds the document, which
 * MongoDB does by itself. Only when nothing of the command was applied, so that it cannot be applied twice.
 */
function mayPassNextTime(result: Document, command: Command): boolean {
  const [error, ...more] = result['writeErrors'] as { readonly code: number }[];
  if (command.inTransaction || result['n'] !== 0 || more.length > 0) return false;
  return error?.code === MongoCode.WriteConflict || (error?.code === MongoCode.DuplicateKey && mayUpsert(command));
}

/** Whether the word is there at all; a needless second attempt costs time only. */
function mayUpsert({ wire }: Command): boolean {
  return wire.body.includes('upsert\0') || wire.sequence?.includes('upsert\0') === true;
}

export const WRITE_COMMANDS: CommandTable = {
  insert: writeWith(STATEMENTS.insert),
  update: writeWith(STATEMENTS.update),
  delete: writeWith(STATEMENTS.delete),
  findAndModify,
  findandmodify: findAndModify,
};
