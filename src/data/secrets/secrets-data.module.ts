import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { Secrets } from '../../domain/secrets/secrets.repository.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { outboxSourceProvider } from '../outbox/outbox-source.provider.js';
import { SECRET_MODEL, secretSchema } from './secret.schema.js';
import { MongoSecrets } from './secrets.repository.js';

@Module({
  imports: [OutboxModule, MongooseModule.forFeature([{ name: SECRET_MODEL, schema: secretSchema }])],
  providers: [{ provide: Secrets, useClass: MongoSecrets }, outboxSourceProvider('secret', SECRET_MODEL)],
  exports: [Secrets],
})
export class SecretsDataModule {}
