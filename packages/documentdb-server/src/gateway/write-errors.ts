import { deserialize, type Document } from 'bson';
import type { Command } from './command.js';
import { CommandError, MongoCode } from './command-error.js';
import type { GatewayServices } from './context.js';
import { describeDuplicateKey, indexNameIn } from './duplicate-key.js';
import { mongoCodeOf, unpackSqlState } from './pg-error-mapping.js';

interface RawWriteError {
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
}

/**
 * Puts a write's result with errors into MongoDB's words.
 * @throws CommandError in a transaction that another one got in the way of: then nothing of the command counts
 */
export async function explainWriteErrors(
  result: Buffer,
  command: Command,
  services: GatewayServices,
): Promise<Document> {
  const document = deserialize(result, { promoteValues: true });
  const errors = (document['writeErrors'] ?? []) as RawWriteError[];
  const explained: Document[] = [];
  for (const error of errors) {
    const mapped = new CommandError(mongoCodeOf(unpackSqlState(error.code)), error.errmsg);
    if (command.inTransaction && mapped.code === MongoCode.WriteConflict) throw mapped;
    const name = mapped.code === MongoCode.DuplicateKey ? indexNameIn(error.errmsg) : undefined;
    const duplicate = name === undefined ? undefined : await describeDuplicateKey(command, error.index, name, services);
    explained.push({ index: error.index, code: mapped.code, errmsg: error.errmsg, ...duplicate });
  }
  return { ...document, writeErrors: explained };
}
