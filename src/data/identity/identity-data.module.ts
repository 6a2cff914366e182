import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ApiKeys } from '../../domain/identity/api-keys.repository.js';
import { Tenants } from '../../domain/identity/tenants.repository.js';
import { Tickets } from '../../domain/identity/tickets.repository.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { outboxSourceProvider } from '../outbox/outbox-source.provider.js';
import { API_KEYS, ApiKeySchema } from './api-key.schema.js';
import { MongoApiKeys } from './api-keys.repository.js';
import { TENANTS, TenantSchema } from './tenant.schema.js';
import { TICKETS, TicketSchema } from './ticket.schema.js';
import { MongoTickets } from './tickets.repository.js';
import { MongoTenants } from './tenants.repository.js';

@Module({
  imports: [
    OutboxModule,
    MongooseModule.forFeature([
      { name: TENANTS, schema: TenantSchema },
      { name: API_KEYS, schema: ApiKeySchema },
      { name: TICKETS, schema: TicketSchema },
    ]),
  ],
  providers: [
    { provide: Tenants, useClass: MongoTenants },
    { provide: ApiKeys, useClass: MongoApiKeys },
    { provide: Tickets, useClass: MongoTickets },
    outboxSourceProvider('tenant', TENANTS),
    outboxSourceProvider('api-key', API_KEYS),
  ],
  exports: [Tenants, ApiKeys, Tickets],
})
export class IdentityDataModule {}
