import { Injectable } from '@nestjs/common';
import { mongo, MongooseError } from 'mongoose';
import { DomainError } from '../../domain/errors/domain-error.js';
import { FailureTranslator } from '../../domain/errors/failure-translator.js';

/** Server errors that mean "not now": shutting down, no primary, interrupted, over its time limit. */
const PASSING_CODES: ReadonlySet<unknown> = new Set([
  6, 7, 50, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);

/** Connection trouble, and a server that cannot serve now, are DATABASE_UNAVAILABLE. Anything else is a bug of ours. */
@Injectable()
export class MongoFailureTranslator extends FailureTranslator {
  translate(error: unknown): DomainError | null {
    if (!isConnectionTrouble(error)) return null;
    return new DomainError('DATABASE_UNAVAILABLE', 'The database does not answer. Try again in a few seconds.', {
      cause: error,
    });
  }
}

function isConnectionTrouble(error: unknown): boolean {
  if (
    error instanceof mongo.MongoNetworkError ||
    error instanceof mongo.MongoServerSelectionError ||
    error instanceof mongo.MongoNotConnectedError ||
    error instanceof mongo.MongoTopologyClosedError ||
    error instanceof mongo.MongoClientClosedError
  ) {
    return true;
  }
  if (error instanceof mongo.MongoServerError) return PASSING_CODES.has(error.code);
  // These two have no exported class: the pool is empty for too long, or was cleared after a network error.
  if (error instanceof mongo.MongoError) return /^Mongo(WaitQueueTimeout|PoolCleared)/.test(error.name);
  return error instanceof MongooseError && error.name === 'MongooseServerSelectionError';
}
