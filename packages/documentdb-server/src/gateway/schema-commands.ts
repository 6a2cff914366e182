import { serialize } from 'bson';
import type { Statement } from '../pg-wire/pg-connection.js';
import { CommandError } from './command-error.js';
import type { CommandHandler, CommandTable } from './context.js';
import { documentIn, flagIn, runStatement } from './run-statement.js';
import { STATEMENTS } from './statements.js';

const OK = serialize({ ok: 1 });

/** Commands whose whole body DocumentDB takes, and which answer with a document. */
function passTo(statement: Statement): CommandHandler {
  return async (command, client, services) => {
    return documentIn(await runStatement(statement, [command.database, command.body], command, client, services));
  };
}

const TRUE = Buffer.of(1);
const FALSE = Buffer.of(0);

/** The third parameter lifts the rule that indexes on existing collections cannot be made in a transaction, which calling the function looks like. */
const createIndexes: CommandHandler = async (command, client, services) => {
  const parameters = [command.database, command.body, command.inTransaction ? FALSE : TRUE];
  return documentIn(await runStatement(STATEMENTS.createIndexes, parameters, command, client, services));
};

const drop: CommandHandler = async (command, client, services) => {
  const row = await runStatement(STATEMENTS.drop, [command.database, command.collection], command, client, services);
  if (!flagIn(row, 0)) throw new CommandError('NamespaceNotFound', 'ns not found');
  return serialize({ ns: `${command.database}.${command.collection}`, ok: 1 });
};

const dropDatabase: CommandHandler = async (command, client, services) => {
  await runStatement(STATEMENTS.dropDatabase, [command.database], command, client, services);
  return serialize({ dropped: command.database, ok: 1 });
};

const collMod: CommandHandler = async (command, client, services) => {
  const parameters = [command.database, command.collection, command.body];
  return documentIn(await runStatement(STATEMENTS.collMod, parameters, command, client, services));
};

const renameCollection: CommandHandler = async (command, client, services) => {
  await runStatement(STATEMENTS.renameCollection, [command.body], command, client, services);
  return OK;
};

const collStats: CommandHandler = async (command, client, services) =>
  documentIn(
    await runStatement(STATEMENTS.collStats, [command.database, command.collection], command, client, services),
  );

const dbStats: CommandHandler = async (command, client, services) =>
  documentIn(await runStatement(STATEMENTS.dbStats, [command.database], command, client, services));

const listDatabases: CommandHandler = async (command, client, services) =>
  documentIn(await runStatement(STATEMENTS.listDatabases, [command.body], command, client, services));

export const SCHEMA_COMMANDS: CommandTable = {
  create: passTo(STATEMENTS.create),
  drop,
  dropDatabase,
  createIndexes,
  dropIndexes: passTo(STATEMENTS.dropIndexes),
  deleteIndexes: passTo(STATEMENTS.dropIndexes),
  collMod,
  renameCollection,
  collStats,
  collstats: collStats,
  dbStats,
  dbstats: dbStats,
  validate: passTo(STATEMENTS.validate),
  listDatabases,
};
