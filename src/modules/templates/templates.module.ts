import { Module } from '@nestjs/common';
import { TemplatesDataModule } from '../../data/templates/templates-data.module.js';
import { AgentTemplatesController } from './agent-templates.controller.js';
import { TemplateFilesController } from './template-files.controller.js';
import { TemplateFilesService } from './template-files.service.js';
import { TemplateVersions } from './template-versions.js';
import { TemplateVersionsController } from './template-versions.controller.js';
import { TemplatesController } from './templates.controller.js';
import { TemplatesService } from './templates.service.js';

@Module({
  imports: [TemplatesDataModule],
  controllers: [AgentTemplatesController, TemplateFilesController, TemplatesController, TemplateVersionsController],
  providers: [TemplatesService, TemplateVersions, TemplateFilesService],
  exports: [TemplatesService],
})
export class TemplatesModule {}
