import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ApiKeys } from '../../domain/identity/api-keys.repository.js';
import { Tenants } from '../../domain/identity/tenants.repository.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { outboxSourceProvider } from '../outbox/outbox-source.provider.js';
import { API_KEYS, ApiKeySchema } from './api-key.schema.js';
import { MongoApiKeys } from './api-keys.repository.js';
import { TENANTS, TenantSchema } from './tenant.schema.js';
import { MongoTenants } from './tenants.repository.js';

@Module({
  imports: [
    OutboxModule,
    MongooseModule.forFeature([
      { name: TENANTS, schema: TenantSchema },
      { name: API_KEYS, schema: ApiKeySchema },
    ]),
  ],
  providers: [
    { provide: Tenants, useClass: MongoTenants },
    { provide: ApiKeys, useClass: MongoApiKeys },
    outboxSourceProvider('tenant', TENANTS),
    outboxSourceProvider('api-key', API_KEYS),
  ],
  exports: [Tenants, ApiKeys],
})
export class IdentityDataModule {}
