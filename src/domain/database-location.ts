/** The database that this Muster uses. */
export abstract class DatabaseLocation {
  /** A MongoDB connection string with the database's name. May hold a password: never log it. */
  abstract readonly uri: string;
  /** Which kind it is. */
  abstract readonly kind: 'external' | 'mongod' | 'download' | 'documentdb';
  /** Which database it is and why it was chosen, for people. Without secrets. */
  abstract readonly description: string;
}
