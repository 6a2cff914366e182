import type { Document, ObjectId } from 'mongodb';

/** A document of a test: ids of several types, and any fields. */
export interface Thing extends Document {
  _id?: string | number | ObjectId;
}
