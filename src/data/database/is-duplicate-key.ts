import { mongo } from 'mongoose';

/** A unique index refused a write (E11000). */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof mongo.MongoServerError && error.code === 11000;
