import { describe, expect, it } from '@jest/globals';
import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
  Timestamp,
} from 'bson';
import { InvalidBsonError, numberOf, readFields, splitDocuments, stringOf } from './raw-bson.js';

describe('readFields', () => {
  const everyType = {
    double: new Double(1.5),
    string: 'text',
    document: { a: { b: 1 } },
    array: [1, 'two'],
    binary: new Binary(Buffer.from([1, 2, 3])),
    objectId: new ObjectId(),
    no: false,
    date: new Date(5),
    nothing: null,
    regex: new BSONRegExp('a.b', 'i'),
    code: new Code('f()'),
    scoped: new Code('f()', { x: 1 }),
    int: new Int32(7),
    timestamp: new Timestamp(3n),
    long: Long.fromNumber(8),
    decimal: Decimal128.fromString('1.1'),
    min: new MinKey(),
    max: new MaxKey(),
    last: true,
  };
  const bytes = Buffer.from(serialize(everyType));

  it('steps over every type', () => {
    const fields = readFields(bytes);
    expect(fields.map(({ name }) => name)).toEqual(Object.keys(everyType));
    expect(fields.at(-1)?.end).toBe(bytes.length - 1);
  });

  it('reads texts and numbers of any numeric type', () => {
    const fields = new Map(readFields(bytes).map((field) => [field.name, field]));
    expect(stringOf(bytes, fields.get('string')!)).toBe('text');
    expect(stringOf(bytes, fields.get('int')!)).toBeUndefined();
    expect(['double', 'int', 'long', 'last', 'no', 'string'].map((name) => numberOf(bytes, fields.get(name)!))).toEqual(
      [1.5, 7, 8, 1, 0, undefined],
    );
  });

  it('refuses bytes that are no document', () => {
    expect(() => readFields(Buffer.from([5, 0, 0, 0]))).toThrow(InvalidBsonError);
    expect(() => readFields(bytes.subarray(0, -1))).toThrow(InvalidBsonError);
    for (let at = 4; at < bytes.length - 1; at++) {
      const broken = Buffer.from(bytes);
      broken[at] = 0x7e;
      try {
        readFields(broken);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidBsonError);
      }
    }
  });
});

describe('splitDocuments', () => {
  const documents = [{ a: 1 }, {}, { b: 'x' }].map((document) => Buffer.from(serialize(document)));

  it('cuts a sequence into its documents', () => {
    expect(splitDocuments(Buffer.concat(documents))).toEqual(documents);
    expect(splitDocuments(Buffer.alloc(0))).toEqual([]);
  });

  it('refuses a sequence that ends within a document', () => {
    expect(() => splitDocuments(Buffer.concat(documents).subarray(0, -1))).toThrow(InvalidBsonError);
  });
});
