import { Module } from '@nestjs/common';
import { IdentityDataModule } from '../../data/identity/identity-data.module.js';
import { ProjectsDataModule } from '../../data/projects/projects-data.module.js';
import { QuotasDataModule } from '../../data/quotas/quotas-data.module.js';
import { QuotaGate } from '../../domain/quotas/quota-gate.js';
import { LedgerKeeper } from './ledger-keeper.js';
import { ProjectQuotaController } from './project-quota.controller.js';
import { QuotaController } from './quota.controller.js';
import { QuotaSettings } from './quota-settings.js';
import { QuotasListener } from './quotas.listener.js';
import { QuotasService } from './quotas.service.js';
import { QuotasSweeper } from './quotas.sweeper.js';
import { TenantQuotaController } from './tenant-quota.controller.js';

@Module({
  imports: [QuotasDataModule, IdentityDataModule, ProjectsDataModule],
  controllers: [QuotaController, ProjectQuotaController, TenantQuotaController],
  providers: [
    { provide: QuotaSettings, useFactory: (): QuotaSettings => new QuotaSettings() },
    LedgerKeeper,
    QuotasListener,
    QuotasService,
    QuotasSweeper,
    { provide: QuotaGate, useExisting: QuotasService },
  ],
  exports: [QuotaGate],
})
export class QuotasModule {}
