import type { MongooseModuleFactoryOptions } from '@nestjs/mongoose';
import { DomainError } from '../../domain/errors/domain-error.js';

/**
 * How Muster talks to its database. Whatever a caller was told is on disk and with the majority, and what is read was
 * acknowledged so; that is what lets every change be one conditional write. A connection string cannot weaken it.
 */
const GUARANTEES = {
  writeConcern: { w: 'majority', journal: true },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  // By IndexesReady, a few at a time; each model by itself would ask for a connection of its own, all at once.
  autoCreate: false,
  autoIndex: false,
  // The driver waits for a server as long as serverSelectionTimeoutMS; a second queue in front of it would hide that.
  bufferCommands: false,
} as const satisfies MongooseModuleFactoryOptions;

/** What a connection string may say otherwise. */
const DEFAULTS = {
  maxPoolSize: 50,
  minPoolSize: 2,
  // A request would rather hear "the database does not answer" than wait longer.
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  socketTimeoutMS: 60_000,
  waitQueueTimeoutMS: 5_000,
} as const satisfies MongooseModuleFactoryOptions;

export function connectionOptions(uri: string): MongooseModuleFactoryOptions {
  const said = new Set([...new URLSearchParams(uri.split('?', 2)[1] ?? '').keys()].map((name) => name.toLowerCase()));
  const unsaid = Object.entries(DEFAULTS).filter(([name]) => !said.has(name.toLowerCase()));
  return {
    ...GUARANTEES,
    ...Object.fromEntries(unsaid),
    uri,
    retryAttempts: 2,
    retryDelay: 1_000,
    connectionErrorFactory: (cause) =>
      new DomainError('DATABASE_UNAVAILABLE', `The database cannot be reached: ${cause.message}`, { cause }),
  };
}
