import { describe, expect, it } from '@jest/globals';
import { parse, query, readErrorFields, readRow, run, startup } from './pg-messages.js';

describe('messages to PostgreSQL', () => {
  it('carry their own length', () => {
    const started = startup({ user: 'u', database: 'd' });
    expect(started.readInt32BE(0)).toBe(started.length);
    expect(started.toString('latin1', 8)).toBe('user\0u\0database\0d\0\0');
    for (const message of [query('SELECT 1'), parse('name', 'SELECT $1 -- ü')])
      expect(message.readInt32BE(1)).toBe(message.length - 1);
  });

  it('run a statement with binary, text and null parameters', () => {
    const message = run('st', [Buffer.from([1, 2]), 'ü', null]);
    const bindLength = message.readInt32BE(1) + 1;
    expect(message.toString('latin1', 0, 1)).toBe('B');
    expect(message.subarray(bindLength)).toEqual(Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x53, 0, 0, 0, 4]));
    expect(message.subarray(5, bindLength)).toEqual(
      Buffer.from([
        0, 0x73, 0x74, 0, 0, 1, 0, 1, 0, 3, 0, 0, 0, 2, 1, 2, 0, 0, 0, 2, 0xc3, 0xbc, 0xff, 0xff, 0xff, 0xff, 0, 1, 0,
        1,
      ]),
    );
  });
});

describe('messages from PostgreSQL', () => {
  it('give the columns of a row', () => {
    const body = Buffer.from([0, 3, 0, 0, 0, 1, 7, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    expect(readRow(body)).toEqual([Buffer.from([7]), null, Buffer.alloc(0)]);
  });

  it('give the fields of an error', () => {
    expect(readErrorFields(Buffer.from('SERROR\0C23505\0Mduplicate\0\0'))).toEqual(
      new Map([
        ['S', 'ERROR'],
        ['C', '23505'],
        ['M', 'duplicate'],
      ]),
    );
  });
});
