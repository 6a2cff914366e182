import { Module } from '@nestjs/common';
import { FileJournal } from '../../domain/files/file-journal.js';
import { AgentInstancesDataModule } from '../agent-instances/agent-instances-data.module.js';
import { MongoFileJournal } from './file-journal.repository.js';

@Module({
  imports: [AgentInstancesDataModule],
  providers: [{ provide: FileJournal, useClass: MongoFileJournal }],
  exports: [FileJournal],
})
export class FilesDataModule {}
