import { mongo } from 'mongoose';
import { DUPLICATE_KEY } from './is-duplicate-key.js';

/**
 * Which documents of an insertMany were refused by a unique index, by their place in it.
 * @throws the error itself when anything else went wrong too
 */
export function duplicatesOf(error: unknown): readonly number[] {
  if (!(error instanceof mongo.MongoBulkWriteError)) throw error;
  const writeErrors = [error.writeErrors].flat();
  if (writeErrors.length === 0 || writeErrors.some(({ code }) => code !== DUPLICATE_KEY)) throw error;
  return writeErrors.map(({ index }) => index);
}
