import { Global, Module } from '@nestjs/common';
import { IdentityDataModule } from '../../data/identity/identity-data.module.js';
import { Authenticator } from '../../domain/identity/authenticator.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { ApiKeysController } from './api-keys.controller.js';
import { Bootstrap } from './bootstrap.js';
import { IdentityService } from './identity.service.js';
import { TenantsController } from './tenants.controller.js';

/** Tenants, API keys, and who a caller is. Global because the HTTP layer asks it about every request. */
@Global()
@Module({
  imports: [IdentityDataModule],
  controllers: [ApiKeysController, TenantsController],
  providers: [
    IdentityService,
    ApiKeyAuthenticator,
    Bootstrap,
    { provide: Authenticator, useExisting: ApiKeyAuthenticator },
  ],
  exports: [Authenticator, IdentityService],
})
export class IdentityModule {}
