import { serialize, type Document } from 'bson';
import type { Statement } from '../pg-wire/pg-connection.js';
import { CommandError } from './command-error.js';
import type { CommandHandler, CommandTable } from './context.js';
import { runStatement } from './run-statement.js';

/** The functions that turn a command into the query behind it, by command. */
const EXPLAINED: Readonly<Record<string, Statement>> = Object.fromEntries(
  ['find', 'aggregate', 'count', 'distinct'].map((command) => {
    const kind = command === 'aggregate' ? 'pipeline' : command;
    const sql = `EXPLAIN (FORMAT JSON) SELECT document FROM documentdb_api_catalog.bson_aggregation_${kind}($1, $2)`;
    return [command, { name: `explain_${command}`, sql }];
  }),
);

/** Shows PostgreSQL's plan, in the place where MongoDB shows its own. */
const explain: CommandHandler = async (command, client, services) => {
  const explained = command.document()['explain'] as Document;
  const [name, collection] = Object.entries(explained)[0] ?? [];
  const statement = name === undefined ? undefined : EXPLAINED[name];
  if (!statement) throw new CommandError('CommandNotSupported', `explain of ${String(name)} is not supported`);
  const row = await runStatement(
    statement,
    [command.database, Buffer.from(serialize(explained))],
    command,
    client,
    services,
  );
  const plan: unknown = JSON.parse(row[0]?.toString() ?? 'null');
  return serialize({
    explainVersion: '1',
    queryPlanner: {
      namespace: `${command.database}.${String(collection)}`,
      winningPlan: { stage: 'POSTGRESQL', plan },
    },
    ok: 1,
  });
};

export const EXPLAIN_COMMANDS: CommandTable = { explain };
