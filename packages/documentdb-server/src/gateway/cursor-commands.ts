import { Long, serialize } from 'bson';
import type { PgConnection, Row, Statement } from '../pg-wire/pg-connection.js';
import type { Client } from './client.js';
import type { Command } from './command.js';
import { CommandError } from './command-error.js';
import type { CommandHandler, CommandTable, GatewayServices } from './context.js';
import { isConflict } from './pg-error-mapping.js';
import { replaceNow } from './replace-now.js';
import { documentIn, firstRow, flagIn, runStatement } from './run-statement.js';
import { STATEMENTS } from './statements.js';

const ATTEMPTS = 10;

/** Commands that answer with a cursor's first batch. */
function openWith(statement: Statement): CommandHandler {
  return async (command, client, services) => {
    const { pool, transactions } = services;
    const parameters = [command.database, replaceNow(command.wire, new Date()).body];
    if (command.inTransaction) {
      const connection = await transactions.connectionFor(command, client);
      const row = firstRow(await connection.execute(statement, parameters));
      return remember(row, connection, command, client, services);
    }
    for (let attempt = 1; ; attempt++) {
      const connection = await pool.acquire();
      let kept = false;
      try {
        const row = firstRow(await connection.execute(statement, parameters));
        kept = row[1] !== null && flagIn(row, 2);
        return remember(row, kept ? connection : undefined, command, client, services);
      } catch (error) {
        if (!isConflict(error) || attempt === ATTEMPTS) throw error;
      } finally {
        if (kept) pool.keep();
        else pool.release(connection);
      }
    }
  };
}

function remember(
  row: Row,
  pinned: PgConnection | undefined,
  command: Command,
  client: Client,
  { cursors }: GatewayServices,
): Buffer {
  const [page, continuation, , cursorId] = row;
  if (continuation && cursorId) {
    cursors.add({
      id: cursorId.readBigInt64BE(0),
      database: command.database,
      namespace: `${command.database}.${command.target ?? '$cmd.aggregate'}`,
      continuation: Buffer.from(continuation),
      pinned,
      transaction: command.inTransaction ? command.session : undefined,
      client,
      usedAt: Date.now(),
    });
  }
  return page ?? documentIn(row);
}

const getMore: CommandHandler = async (command, client, services) => {
  const { cursors, pool } = services;
  const first = command.fields[0];
  const id = first?.type === 0x12 ? command.body.readBigInt64LE(first.start) : undefined;
  const cursor = id === undefined ? undefined : cursors.get(id);
  if (id === undefined || !cursor) throw new CommandError('CursorNotFound', `cursor id ${String(id)} not found`);
  cursor.client = client;
  cursor.usedAt = Date.now();
  const parameters = [cursor.database, command.body, cursor.continuation];
  let row: Row;
  try {
    row = firstRow(await (cursor.pinned ?? pool).execute(STATEMENTS.getMore, parameters));
  } catch (error) {
    cursors.close(id);
    throw error;
  }
  const continuation = row[1];
  if (continuation) cursor.continuation = Buffer.from(continuation);
  else cursors.close(id);
  return documentIn(row);
};

const killCursors: CommandHandler = (command, _client, { cursors }) => {
  const ids = (command.document()['cursors'] ?? []) as readonly (Long | number | bigint)[];
  const killed: unknown[] = [];
  const notFound: unknown[] = [];
  for (const id of ids) (cursors.close(BigInt(id.toString())) ? killed : notFound).push(Long.fromString(id.toString()));
  return serialize({ cursorsKilled: killed, cursorsNotFound: notFound, cursorsAlive: [], cursorsUnknown: [], ok: 1 });
};

/** Commands that answer with one document. */
function readWith(statement: Statement): CommandHandler {
  return async (command, client, services) => {
    const parameters = [command.database, replaceNow(command.wire, new Date()).body];
    return documentIn(await runStatement(statement, parameters, command, client, services));
  };
}

export const CURSOR_COMMANDS: CommandTable = {
  find: openWith(STATEMENTS.find),
  aggregate: openWith(STATEMENTS.aggregate),
  listCollections: openWith(STATEMENTS.listCollections),
  listIndexes: openWith(STATEMENTS.listIndexes),
  getMore,
  killCursors,
  count: readWith(STATEMENTS.count),
  distinct: readWith(STATEMENTS.distinct),
};
