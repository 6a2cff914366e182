import type { MongooseModuleFactoryOptions } from '@nestjs/mongoose';

/**
 * How Muster talks to its database. Whatever a caller was told is on disk and with the majority, and what is read was
 * acknowledged so; that is what lets every change be one conditional write.
 */
export const CONNECTION_OPTIONS = {
  writeConcern: { w: 'majority', journal: true },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  maxPoolSize: 50,
  minPoolSize: 2,
  // A request would rather hear "the database does not answer" than wait longer.
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  socketTimeoutMS: 60_000,
  waitQueueTimeoutMS: 5_000,
  autoIndex: true,
  // The driver waits for a server as long as serverSelectionTimeoutMS; a second queue in front of it would hide that.
  bufferCommands: false,
  retryAttempts: 5,
  retryDelay: 1_000,
} as const satisfies MongooseModuleFactoryOptions;
