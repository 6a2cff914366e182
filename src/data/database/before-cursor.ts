import { Types } from 'mongoose';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import { isId } from '../../domain/ids.js';

/**
 * Filter part of a list by id, newest first: what comes after the page whose last id the cursor is.
 * @throws ValidationFailedError for a cursor that Muster did not give
 */
export function beforeCursor(cursor: string | undefined): { _id?: { $lt: Types.ObjectId } } {
  if (cursor === undefined) return {};
  if (!isId(cursor)) {
    throw new ValidationFailedError([{ pointer: 'cursor', detail: 'must be a nextCursor as Muster gave it' }]);
  }
  return { _id: { $lt: new Types.ObjectId(cursor) } };
}
