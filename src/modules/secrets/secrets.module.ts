import { Module } from '@nestjs/common';
import { ProjectsDataModule } from '../../data/projects/projects-data.module.js';
import { SecretsDataModule } from '../../data/secrets/secrets-data.module.js';
import { SecretVault } from '../../domain/secrets/secret-vault.js';
import { ProjectSecretsController } from './project-secrets.controller.js';
import { SecretSealer } from './secret-sealer.js';
import { SecretUpkeep } from './secret-upkeep.js';
import { SecretVaultService } from './secret-vault.service.js';
import { SecretsService } from './secrets.service.js';
import { TenantSecretsController } from './tenant-secrets.controller.js';

@Module({
  imports: [SecretsDataModule, ProjectsDataModule],
  controllers: [ProjectSecretsController, TenantSecretsController],
  providers: [SecretSealer, SecretsService, SecretUpkeep, { provide: SecretVault, useClass: SecretVaultService }],
  exports: [SecretVault],
})
export class SecretsModule {}
