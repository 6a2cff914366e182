import { Global, Module } from '@nestjs/common';
import { MongooseModule, type MongooseModuleFactoryOptions } from '@nestjs/mongoose';
import { DatabaseLocation } from '../../domain/database-location.js';
import { connectionOptions } from './connection-options.js';
import { DatabaseCheck } from './database-check.js';
import { failOnEndedConnections } from './ended-connections.js';
import { IndexesReady } from './indexes-ready.js';
import { MongoFailureTranslator } from './mongo-failure-translator.js';

/** The connection that all repositories share. */
@Global()
@Module({
  imports: [
    MongooseModule.forRootAsync({
      inject: [DatabaseLocation],
      useFactory: (location: DatabaseLocation): MongooseModuleFactoryOptions => {
        failOnEndedConnections();
        return connectionOptions(location.uri);
      },
    }),
  ],
  providers: [DatabaseCheck, IndexesReady, MongoFailureTranslator],
  exports: [DatabaseCheck, MongoFailureTranslator],
})
export class DataModule {}
