import { BsonType, splitDocuments, type RawField } from '../mongo-wire/raw-bson.js';
import { rewriteDocument, type RawValue } from '../mongo-wire/rewrite-bson.js';

const NOW = '$$NOW';
const NOW_STRING = Buffer.from(`\x06\0\0\0${NOW}\0`, 'latin1');
const DATE = 0x09;
/** Query operators whose value is a list of queries. */
const QUERY_LISTS = new Set(['$and', '$or', '$nor']);

/** Where commands have their filters, and their pipelines. */
const QUERY_FIELDS = new Set(['q', 'query', 'filter']);
const PIPELINE_FIELDS = new Set(['u', 'update', 'pipeline']);

type Rewrite = (field: RawField, bytes: Buffer) => RawValue | undefined;

/** The documents of a command that can hold expressions. */
export interface CommandDocuments {
  readonly body: Buffer;
  readonly sequence: Buffer | undefined;
}

/**
 * Puts the time in place of $$NOW in the expressions of a command.
 *
 * DocumentDB knows $$NOW, but loses its value when a filter meets an ordered index, and in updateMany without a filter on an
 * expression. In MongoDB it is one constant for the whole command, so putting the constant in says the same.
 */
export function replaceNow(documents: CommandDocuments, now: Date): CommandDocuments {
  if (!documents.body.includes(NOW) && documents.sequence?.includes(NOW) !== true) return documents;
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(now.getTime()));
  const value: RawValue = { type: DATE, bytes };

  const inExpression: Rewrite = (field, old) => {
    if (field.name === '$literal') return undefined;
    if (field.name === '$match') return inside(field, old, inQuery);
    if (field.type === BsonType.string) return old.equals(NOW_STRING) ? value : undefined;
    return inside(field, old, inExpression);
  };
  const inQuery: Rewrite = (field, old) => {
    if (field.name === '$expr') return inExpression(field, old);
    return QUERY_LISTS.has(field.name) ? inside(field, old, (item, query) => inside(item, query, inQuery)) : undefined;
  };
  const inPart: Rewrite = (field, old) => {
    if (QUERY_FIELDS.has(field.name)) return inside(field, old, inQuery);
    if (field.name === 'projection' || field.name === 'fields') return inside(field, old, inExpression);
    // Of the two kinds of updates, only a pipeline holds expressions; in an update document the text is a value.
    const isPipeline = PIPELINE_FIELDS.has(field.name) && field.type === BsonType.array;
    return isPipeline ? inside(field, old, inExpression) : undefined;
  };
  const inBody: Rewrite = (field, old) => {
    const isList = (field.name === 'updates' || field.name === 'deletes') && field.type === BsonType.array;
    return isList ? inside(field, old, (item, write) => inside(item, write, inPart)) : inPart(field, old);
  };
  return {
    body: rewriteDocument(documents.body, inBody),
    sequence:
      documents.sequence &&
      Buffer.concat(splitDocuments(documents.sequence).map((write) => rewriteDocument(write, inPart))),
  };
}

function inside(field: RawField, bytes: Buffer, rewrite: Rewrite): RawValue | undefined {
  if (field.type !== BsonType.document && field.type !== BsonType.array) return undefined;
  const rewritten = rewriteDocument(bytes, rewrite);
  return rewritten === bytes ? undefined : { type: field.type, bytes: rewritten };
}
