import { deserialize, ObjectId, serialize, type Document } from 'bson';
import { splitDocuments } from '../mongo-wire/raw-bson.js';
import { PgError } from '../pg-wire/pg-error.js';
import type { Command } from './command.js';
import type { GatewayServices } from './context.js';
import { STATEMENTS } from './statements.js';

/** What MongoDB reports of a duplicate key, beside the code. */
export interface DuplicateKey {
  readonly errmsg: string;
  readonly keyPattern: Document;
  readonly keyValue: Document;
}

/** Keeps the BSON types of numbers, which the answer has to repeat. */
const EXACT = { promoteValues: false } as const;

/** Describes a duplicate key that one write of a command met; undefined when the index is not known any more. */
export async function describeDuplicateKey(
  command: Command,
  writeIndex: number,
  indexName: string,
  services: GatewayServices,
): Promise<DuplicateKey | undefined> {
  const index = await findIndex(command, indexName, services);
  if (!index) return undefined;
  const write = writeOf(command, writeIndex);
  const stored = write.query && !write.document ? await findStored(command, write.query, services) : undefined;
  const keyValue: Document = {};
  for (const path of Object.keys(index.key)) keyValue[path] = valueAfter(write, stored, path);
  return {
    errmsg: `E11000 duplicate key error collection: ${command.database}.${command.collection} index: ${index.name} dup key: ${format(keyValue)}`,
    keyPattern: index.key,
    keyValue,
  };
}

/** The index that an error text of DocumentDB, or a constraint of PostgreSQL, speaks of. */
export function indexNameIn(message: string): string | undefined {
  return /Index '(.+)'/.exec(message)?.[1] ?? /constraint "([^"]+)"/.exec(message)?.[1];
}

/** Whether an error is about a unique index. */
export function isDuplicateKey(error: unknown): error is PgError {
  return (
    error instanceof PgError && (error.sqlState === '23505' || error.sqlState === '23P01' || error.sqlState === 'M001C')
  );
}

async function findIndex(
  command: Command,
  name: string,
  { pool }: GatewayServices,
): Promise<{ name: string; key: Document } | undefined> {
  if (name === '_id_' || name.startsWith('collection_pk')) return { name: '_id_', key: { _id: 1 } };
  const [row] = await pool.execute(STATEMENTS.indexByName, [command.database, command.collection, name]);
  if (!row?.[0]) return undefined;
  const spec = deserialize(row[0]);
  return { name: String(spec['name']), key: spec['key'] as Document };
}

async function findStored(command: Command, query: Document, { pool }: GatewayServices): Promise<Document | undefined> {
  const find = serialize({ find: command.collection, filter: query, limit: 1, singleBatch: true });
  const [row] = await pool.execute(STATEMENTS.find, [command.database, Buffer.from(find)]);
  if (!row?.[0]) return undefined;
  const page = deserialize(row[0], EXACT) as { cursor: { firstBatch: Document[] } };
  return page.cursor.firstBatch[0];
}

/** One write: the document it inserts, or the query and the change it makes. */
interface Write {
  readonly document?: Document;
  readonly query?: Document;
  readonly change?: Document;
}

function writeOf(command: Command, index: number): Write {
  const body = deserialize(command.body, EXACT);
  const listed = command.wire.sequence
    ? splitDocuments(command.wire.sequence)
        .slice(index, index + 1)
        .map((bytes) => deserialize(bytes, EXACT))[0]
    : undefined;
  switch (command.name) {
    case 'insert':
      return { document: listed ?? (body['documents'] as Document[])[index] ?? {} };
    case 'update': {
      const update = listed ?? (body['updates'] as Document[])[index] ?? {};
      return { query: asDocument(update['q']), change: asDocument(update['u']) };
    }
    default:
      return { query: asDocument(body['query']), change: asDocument(body['update']) };
  }
}

/** The value that a path would have had after the write, as far as the write itself tells. */
function valueAfter({ document, query = {}, change = {} }: Write, stored: Document | undefined, path: string): unknown {
  if (document) return valueAt(document, path) ?? null;
  const replaced = Object.keys(change).every((name) => !name.startsWith('$')) ? valueAt(change, path) : undefined;
  const set: unknown = asDocument(change['$set'])[path] ?? asDocument(change['$setOnInsert'])[path];
  const kept: unknown = stored ? valueAt(stored, path) : query[path];
  return set ?? replaced ?? kept ?? null;
}

function valueAt(document: Document, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) => (typeof value === 'object' && value !== null ? (value as Document)[name] : undefined),
      document,
    );
}

function asDocument(value: unknown): Document {
  return typeof value === 'object' && value !== null ? value : {};
}

/** Values as MongoDB's messages show them: { a: 1, b: "text" }. */
function format(keyValue: Document): string {
  const shown = Object.entries(keyValue).map(([path, value]) => `${path}: ${formatValue(value)}`);
  return `{ ${shown.join(', ')} }`;
}

function formatValue(value: unknown): string {
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`;
  if (value instanceof Date) return `new Date(${String(value.getTime())})`;
  if (
    typeof value === 'object' &&
    value !== null &&
    '_bsontype' in value &&
    'value' in value &&
    typeof value.value !== 'function'
  )
    return String(value.value);
  return JSON.stringify(value);
}
