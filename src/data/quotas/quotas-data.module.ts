import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { QuotaFacts } from '../../domain/quotas/quota-facts.js';
import { QuotaLedgers } from '../../domain/quotas/quota-ledger.js';
import { AgentInstancesDataModule } from '../agent-instances/agent-instances-data.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { outboxSourceProvider } from '../outbox/outbox-source.provider.js';
import { ProjectsDataModule } from '../projects/projects-data.module.js';
import { RunsDataModule } from '../runs/runs-data.module.js';
import { MongoQuotaFacts } from './quota-facts.repository.js';
import { QUOTA_LEDGERS, QuotaLedgerSchema } from './quota-ledger.schema.js';
import { MongoQuotaLedgers } from './quota-ledgers.repository.js';

@Module({
  imports: [
    OutboxModule,
    AgentInstancesDataModule,
    ProjectsDataModule,
    RunsDataModule,
    MongooseModule.forFeature([{ name: QUOTA_LEDGERS, schema: QuotaLedgerSchema }]),
  ],
  providers: [
    { provide: QuotaLedgers, useClass: MongoQuotaLedgers },
    { provide: QuotaFacts, useClass: MongoQuotaFacts },
    outboxSourceProvider('quota', QUOTA_LEDGERS),
  ],
  exports: [QuotaLedgers, QuotaFacts],
})
export class QuotasDataModule {}
