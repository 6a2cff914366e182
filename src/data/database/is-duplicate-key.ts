import { mongo } from 'mongoose';

/** The server's code for it. */
export const DUPLICATE_KEY = 11000;

/** A unique index refused a write (E11000). */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;
