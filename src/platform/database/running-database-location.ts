import { DatabaseLocation } from '../../domain/database-location.js';
import type { RunningDatabase } from './running-database.js';

/** The running database, as the data layer sees it. */
export class RunningDatabaseLocation extends DatabaseLocation {
  readonly uri: string;
  readonly kind: DatabaseLocation['kind'];
  readonly description: string;

  constructor(private readonly database: RunningDatabase) {
    super();
    this.uri = database.uri;
    this.kind = database.kind;
    this.description = database.description;
  }

  async stop(): Promise<void> {
    await this.database.stop();
  }
}
