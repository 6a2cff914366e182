import { Module } from '@nestjs/common';
import { FilesDataModule } from '../../data/files/files-data.module.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { FileArchivesController } from './file-archives.controller.js';
import { FileContentController } from './file-content.controller.js';
import { FilesController } from './files.controller.js';
import { FilesService } from './files.service.js';
import { Uploads } from './uploads.js';
import { WatchResponder } from './watch-responder.js';

@Module({
  imports: [LifecycleModule, FilesDataModule],
  controllers: [FilesController, FileContentController, FileArchivesController],
  providers: [FilesService, Uploads, WatchResponder],
  exports: [FilesService],
})
export class FilesModule {}
