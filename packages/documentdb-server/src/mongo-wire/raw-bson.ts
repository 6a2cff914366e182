/** Reading BSON where it lies, without decoding what is not needed (bsonspec.org, version 1.1). */

/** A field of a document, as offsets into the document's bytes. */
export interface RawField {
  readonly name: string;
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** BSON element types that are looked at by number. */
export const BsonType = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  boolean: 0x08,
  int32: 0x10,
  int64: 0x12,
} as const;

/** Thrown when bytes are no BSON document. */
export class InvalidBsonError extends Error {
  readonly code = 'INVALID_BSON';

  constructor(reason: string) {
    super(`Invalid BSON: ${reason}`);
    this.name = 'InvalidBsonError';
  }
}

/** The top-level fields of a document. Values are skipped by their length, so a large one costs nothing. */
export function readFields(document: Buffer): RawField[] {
  if (document.length < 5 || document.readInt32LE(0) !== document.length)
    throw new InvalidBsonError('wrong document length');
  const fields: RawField[] = [];
  const last = document.length - 1;
  for (let at = 4; at < last;) {
    const type = document[at] ?? 0;
    const nameEnd = document.indexOf(0, at + 1);
    if (nameEnd === -1) throw new InvalidBsonError('field name without end');
    const start = nameEnd + 1;
    const end = start + sizeOf(document, type, start);
    if (end > last) throw new InvalidBsonError('value beyond the end');
    fields.push({ name: document.toString('utf8', at + 1, nameEnd), type, start, end });
    at = end;
  }
  return fields;
}

/** The text of a field, or undefined when it is no string. */
export function stringOf(document: Buffer, field: RawField): string | undefined {
  return field.type === BsonType.string ? document.toString('utf8', field.start + 4, field.end - 1) : undefined;
}

/** The value of a numeric or boolean field as a number, or undefined when it is neither. */
export function numberOf(document: Buffer, field: RawField): number | undefined {
  switch (field.type) {
    case BsonType.int32:
      return document.readInt32LE(field.start);
    case BsonType.int64:
      return Number(document.readBigInt64LE(field.start));
    case BsonType.double:
      return document.readDoubleLE(field.start);
    case BsonType.boolean:
      return document[field.start] === 1 ? 1 : 0;
    default:
      return undefined;
  }
}

/** A copy of a document without the named fields. */
export function withoutFields(document: Buffer, fields: readonly RawField[], names: ReadonlySet<string>): Buffer {
  const kept = fields.filter((field) => !names.has(field.name));
  if (kept.length === fields.length) return document;
  const parts = kept.map((field) => document.subarray(field.start - Buffer.byteLength(field.name) - 2, field.end));
  const result = Buffer.concat([Buffer.alloc(4), ...parts, Buffer.alloc(1)]);
  result.writeInt32LE(result.length, 0);
  return result;
}

/** Cuts a sequence of documents, one after the other, into its documents. */
export function splitDocuments(sequence: Buffer): Buffer[] {
  const documents: Buffer[] = [];
  for (let at = 0; at < sequence.length;) {
    const length = at + 4 <= sequence.length ? sequence.readInt32LE(at) : 0;
    if (length < 5 || at + length > sequence.length) throw new InvalidBsonError('wrong length in a sequence');
    documents.push(sequence.subarray(at, at + length));
    at += length;
  }
  return documents;
}

function sizeOf(document: Buffer, type: number, at: number): number {
  switch (type) {
    case 0x01: // double
    case 0x09: // date
    case 0x11: // timestamp
    case 0x12: // int64
      return 8;
    case 0x02: // string
    case 0x0d: // code
    case 0x0e: // symbol
      return 4 + lengthAt(document, at, 1);
    case 0x03: // document
    case 0x04: // array
    case 0x0f: // code with scope
      return lengthAt(document, at, 5);
    case 0x05: // binary
      return 5 + lengthAt(document, at, 0);
    case 0x07: // object id
      return 12;
    case 0x08: // boolean
      return 1;
    case 0x10: // int32
      return 4;
    case 0x13: // decimal128
      return 16;
    case 0x0b: // regular expression: two strings that end with zero
      return document.indexOf(0, document.indexOf(0, at) + 1) + 1 - at;
    case 0x0c: // pointer
      return 4 + lengthAt(document, at, 1) + 12;
    case 0x06: // undefined
    case 0x0a: // null
    case 0x7f: // max key
    case 0xff: // min key
      return 0;
    default:
      throw new InvalidBsonError(`unknown type ${String(type)}`);
  }
}

function lengthAt(document: Buffer, at: number, minimum: number): number {
  const length = at + 4 <= document.length ? document.readInt32LE(at) : -1;
  if (length < minimum) throw new InvalidBsonError('wrong length of a value');
  return length;
}
