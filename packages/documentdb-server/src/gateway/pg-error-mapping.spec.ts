import { describe, expect, it } from '@jest/globals';
import { deserialize } from 'bson';
import { PgConnectionLostError, PgError } from '../pg-wire/pg-error.js';
import { CommandError } from './command-error.js';
import { isConflict, toCommandError, unpackSqlState } from './pg-error-mapping.js';

describe('toCommandError', () => {
  it.each([
    ['23505', 11000, 'DuplicateKey'],
    ['M001C', 11000, 'DuplicateKey'],
    ['M00CO', 121, 'DocumentFailedValidation'],
    ['40001', 112, 'WriteConflict'],
    ['40P01', 112, 'WriteConflict'],
    ['55P03', 112, 'WriteConflict'],
    ['M0008', 26, 'NamespaceNotFound'],
    ['57014', 50, 'MaxTimeMSExpired'],
    ['M00ZZ', 8, 'UnknownError'],
    ['XX000', 1, 'InternalError'],
  ])('maps %s to %d %s', (sqlState, code, codeName) => {
    expect(toCommandError(new PgError(sqlState, 'text'), false)).toMatchObject({
      code,
      codeName,
      message: 'text',
      labels: [],
    });
  });

  it('labels a conflict in a transaction as transient', () => {
    expect(toCommandError(new PgError('40001', 'text'), true).labels).toEqual(['TransientTransactionError']);
    expect(toCommandError(new PgConnectionLostError(), true).labels).toEqual(['TransientTransactionError']);
    expect(toCommandError(new PgError('23505', 'text'), true).labels).toEqual([]);
  });

  it('keeps what is a command error already, with its fields', () => {
    const error = new CommandError('DuplicateKey', 'text', [], { keyValue: { a: 1 } });
    expect(deserialize(toCommandError(error, false).toReply())).toEqual({
      ok: 0,
      errmsg: 'text',
      code: 11000,
      codeName: 'DuplicateKey',
      keyValue: { a: 1 },
    });
  });
});

describe('unpackSqlState', () => {
  it.each([
    [319029277, 'M001C'],
    [50331677, 'M0003'],
  ])('reads %d as %s', (packed, sqlState) => {
    expect(unpackSqlState(packed)).toBe(sqlState);
  });
});

describe('isConflict', () => {
  it('tells conflicts from other errors', () => {
    expect(isConflict(new PgError('40P01', ''))).toBe(true);
    expect(isConflict(new PgError('23505', ''))).toBe(false);
    expect(isConflict(new PgConnectionLostError())).toBe(false);
  });
});
