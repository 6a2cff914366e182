import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { Projects } from '../../domain/projects/projects.repository.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { outboxSourceProvider } from '../outbox/outbox-source.provider.js';
import { PROJECT_MODEL, projectSchema } from './project.schema.js';
import { MongoProjects } from './projects.repository.js';

@Module({
  imports: [OutboxModule, MongooseModule.forFeature([{ name: PROJECT_MODEL, schema: projectSchema }])],
  providers: [{ provide: Projects, useClass: MongoProjects }, outboxSourceProvider('project', PROJECT_MODEL)],
  // quotas read the same documents, through a port of their own
  exports: [Projects, MongooseModule],
})
export class ProjectsDataModule {}
