import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { TemplateHistory } from '../../domain/templates/template-history.repository.js';
import { Templates } from '../../domain/templates/templates.repository.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { outboxSourceProvider } from '../outbox/outbox-source.provider.js';
import { MongoTemplateHistory } from './template-history.repository.js';
import { TEMPLATE_VERSION_MODEL, templateVersionSchema } from './template-version.schema.js';
import { TEMPLATE_MODEL, templateSchema } from './template.schema.js';
import { MongoTemplates } from './templates.repository.js';

@Module({
  imports: [
    MongooseModule.forFeature([
      { name: TEMPLATE_MODEL, schema: templateSchema },
      { name: TEMPLATE_VERSION_MODEL, schema: templateVersionSchema },
    ]),
    OutboxModule,
  ],
  providers: [
    { provide: Templates, useClass: MongoTemplates },
    { provide: TemplateHistory, useClass: MongoTemplateHistory },
    outboxSourceProvider('template', TEMPLATE_MODEL),
  ],
  exports: [Templates, TemplateHistory],
})
export class TemplatesDataModule {}
