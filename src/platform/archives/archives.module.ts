import { Global, Module } from '@nestjs/common';
import { ArchiveStore } from '../../domain/agent-snapshots/archive-store.js';
import { Configuration } from '../config/configuration.js';
import { FileArchiveStore } from './file-archive-store.js';

/** Where archives of workspaces are kept. */
@Global()
@Module({
  providers: [
    {
      provide: ArchiveStore,
      inject: [Configuration],
      useFactory: (configuration: Configuration): ArchiveStore => new FileArchiveStore(configuration),
    },
  ],
  exports: [ArchiveStore],
})
export class ArchivesModule {}
