import type { DatabaseLocation } from '../../domain/database-location.js';

/** A database that this process started, or was pointed to. */
export interface RunningDatabase {
  readonly kind: DatabaseLocation['kind'];
  /** A MongoDB connection string with the database's name; may hold a password. */
  readonly uri: string;
  readonly description: string;
  /** Shuts down what this process started; does nothing for an external database. */
  stop(): Promise<void>;
}

/** Told about each long step, in words for a person. */
export type Progress = (line: string) => void;

/** Name of the database inside an embedded server. */
export const DATABASE_NAME = 'muster';
