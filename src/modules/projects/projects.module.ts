import { Module } from '@nestjs/common';
import { ProjectsDataModule } from '../../data/projects/projects-data.module.js';
import { TemplatesModule } from '../templates/templates.module.js';
import { QuotasModule } from '../quotas/quotas.module.js';
import { ProjectsController } from './projects.controller.js';
import { ProjectsService } from './projects.service.js';
import { RosterWait } from './roster-wait.js';

@Module({
  imports: [ProjectsDataModule, TemplatesModule, QuotasModule],
  controllers: [ProjectsController],
  providers: [ProjectsService, RosterWait],
  exports: [ProjectsService],
})
export class ProjectsModule {}
