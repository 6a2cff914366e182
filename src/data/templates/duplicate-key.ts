import { mongo } from 'mongoose';

const DUPLICATE_KEY = 11000;

/** A unique index refused the write. */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;
