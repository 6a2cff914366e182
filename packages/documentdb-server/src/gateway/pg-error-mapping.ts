import { PgConnectionLostError, PgError } from '../pg-wire/pg-error.js';
import { CommandError, TRANSIENT, type MongoCodeName } from './command-error.js';
import { DOCUMENTDB_CODES } from './documentdb-codes.js';

/** PostgreSQL's own codes that have a meaning in MongoDB (PostgreSQL documentation, appendix A). */
const POSTGRES_CODES: Readonly<Record<string, MongoCodeName>> = {
  '23505': 'DuplicateKey',
  '23P01': 'DuplicateKey',
  '40001': 'WriteConflict',
  '40P01': 'WriteConflict',
  '55P03': 'WriteConflict',
  '57014': 'MaxTimeMSExpired',
  '57P01': 'ShutdownInProgress',
  '57P02': 'ShutdownInProgress',
  '57P03': 'ShutdownInProgress',
  '42P01': 'NamespaceNotFound',
  '3F000': 'NamespaceNotFound',
  '53100': 'OutOfDiskSpace',
  '0A000': 'CommandNotSupported',
  '22P02': 'BadValue',
  '22023': 'BadValue',
};

/** The MongoDB error for a PostgreSQL code, DocumentDB's own codes (M0000 and on) included. */
export function mongoCodeOf(sqlState: string): { readonly code: number; readonly codeName: string } | MongoCodeName {
  const known = POSTGRES_CODES[sqlState];
  if (known !== undefined) return known;
  const documentDb = DOCUMENTDB_CODES[sqlState];
  if (documentDb !== undefined) return { codeName: documentDb[0], code: documentDb[1] };
  return sqlState.startsWith('M') ? 'UnknownError' : 'InternalError';
}

/** Write errors in a result carry the code as PostgreSQL keeps it in memory: six bits for each of the five characters. */
export function unpackSqlState(packed: number): string {
  let rest = packed;
  let text = '';
  for (let index = 0; index < 5; index++) {
    text += String.fromCharCode((rest & 0x3f) + 0x30);
    rest >>= 6;
  }
  return text;
}

/** Whether running the statement again may succeed: it was rolled back because of another one. */
export function isConflict(error: unknown): boolean {
  return error instanceof PgError && mongoCodeOf(error.sqlState) === 'WriteConflict';
}

/** Any error that a command ran into, as its answer. */
export function toCommandError(error: unknown, inTransaction: boolean): CommandError {
  const mapped = mapError(error);
  const transient = inTransaction && (mapped.code === 112 || mapped.codeName === 'ShutdownInProgress');
  return transient ? mapped.withLabel(TRANSIENT) : mapped;
}

function mapError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof PgError) return new CommandError(mongoCodeOf(error.sqlState), error.message);
  if (error instanceof PgConnectionLostError) return new CommandError('ShutdownInProgress', error.message);
  const message = error instanceof Error ? error.message : String(error);
  return new CommandError(message.startsWith('Invalid BSON') ? 'FailedToParse' : 'InternalError', message);
}
