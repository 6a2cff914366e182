import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { systemActor } from '../../domain/events/actor.js';
import { ApiKeys } from '../../domain/identity/api-keys.repository.js';
import { HOME_TENANT, type Tenant } from '../../domain/identity/tenant.js';
import { Tenants } from '../../domain/identity/tenants.repository.js';
import { Configuration } from '../../platform/config/configuration.js';
import { AdminKeyFile } from './admin-key-file.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { IdentityService } from './identity.service.js';
import { hashKey, newSecret, readKey, writeKey } from './key-text.js';

const ACTOR = systemActor('bootstrap');

/**
 * Makes tenant `default` and its first admin key in an empty database. The key's id is settled with the tenant, so
 * that two processes, or a start after a crash, make one key; the file is written before the key counts, so that no
 * crash leaves a key that nobody knows.
 */
@Injectable()
export class Bootstrap implements OnModuleInit {
  private readonly logger = new Logger('Identity');

  constructor(
    private readonly configuration: Configuration,
    private readonly tenants: Tenants,
    private readonly apiKeys: ApiKeys,
    private readonly identity: IdentityService,
    private readonly authenticator: ApiKeyAuthenticator,
  ) {}

  async onModuleInit(): Promise<void> {
    const tenant =
      (await this.tenants.findByName(HOME_TENANT)) ?? (await this.identity.tenantNamed(HOME_TENANT, ACTOR)).tenant;
    this.authenticator.settleHome(tenant);
    if ((await this.apiKeys.findStored(tenant.id, tenant.firstKeyId)) !== null) return;
    const chosen = this.configuration.bootstrapAdminKey;
    if (chosen === undefined) await this.makeFirstKey(tenant);
    else await this.takeChosenKey(tenant, chosen);
  }

  private async takeChosenKey(tenant: Tenant, key: string): Promise<void> {
    const { outcome } = await this.identity.insertFirstKey(tenant, key, ACTOR);
    if (outcome === 'inserted') this.logger.log('BOOTSTRAP_ADMIN_KEY is the first admin key of tenant default');
  }

  private async makeFirstKey(tenant: Tenant): Promise<void> {
    const file = new AdminKeyFile(this.configuration.dataDir);
    const made = writeKey({ tenantId: tenant.id, apiKeyId: tenant.firstKeyId, secret: newSecret() });
    const written = await file.writeOnce(made);
    // A file of this very key is what an interrupted start left; any other belongs to an older database.
    const usable = readKey(written)?.apiKeyId === tenant.firstKeyId;
    const key = usable ? written : made;
    if (!usable) await file.replace(key);
    const { outcome } = await this.identity.insertFirstKey(tenant, key, ACTOR);
    if (outcome === 'inserted') {
      this.announce(key, file.path);
      return;
    }
    const winner = await this.apiKeys.findStored(tenant.id, tenant.firstKeyId);
    // With a DATA_DIR of its own, the other process has another key: ours was never one.
    if (winner?.keyHash !== hashKey(key)) await file.remove();
    this.logger.log('another process made the first admin key; see its DATA_DIR/admin.key');
  }

  /** The one time that a key is printed. Not through the log, which is kept and shipped. */
  private announce(key: string, path: string): void {
    if (this.configuration.logLevel === 'silent') return;
    process.stderr.write(`\nFirst admin key, shown once (also in ${path}):\n\n    ${key}\n\n`);
  }
}
