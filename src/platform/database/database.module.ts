import { Global, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DatabaseLocation } from '../../domain/database-location.js';
import { Configuration } from '../config/configuration.js';
import { RunningDatabaseLocation } from './running-database-location.js';
import { startDatabase } from './start-database.js';

const logger = new Logger('Database');

/** Starts the database before anything connects to it, and stops it after everything else. */
@Global()
@Module({
  providers: [
    {
      provide: RunningDatabaseLocation,
      inject: [Configuration],
      useFactory: async (configuration: Configuration): Promise<RunningDatabaseLocation> => {
        const database = await startDatabase(configuration, (line) => {
          logger.log(line);
        });
        logger.log({ msg: `using ${database.description}`, kind: database.kind });
        return new RunningDatabaseLocation(database);
      },
    },
    { provide: DatabaseLocation, useExisting: RunningDatabaseLocation },
  ],
  exports: [DatabaseLocation],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(private readonly location: RunningDatabaseLocation) {}

  async onApplicationShutdown(): Promise<void> {
    await this.location.stop();
  }
}
