import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { ProjectId, TenantId } from '../../domain/ids.js';
import type { SealedSecret, Secret } from '../../domain/secrets/secret.js';
import { SecretVault, type OpenSecret } from '../../domain/secrets/secret-vault.js';
import { Secrets } from '../../domain/secrets/secrets.repository.js';
import { SecretSealer } from './secret-sealer.js';

/** Looks secrets up for agents, and opens them. */
@Injectable()
export class SecretVaultService extends SecretVault {
  constructor(
    private readonly secrets: Secrets,
    private readonly sealer: SecretSealer,
  ) {
    super();
  }

  async known(tenantId: TenantId, projectId: ProjectId, names: readonly string[]): Promise<ReadonlySet<string>> {
    if (names.length === 0) return new Set();
    return new Set((await this.secrets.findNamed(tenantId, projectId, names)).map(({ name }) => name));
  }

  async open(tenantId: TenantId, projectId: ProjectId, names: readonly string[]): Promise<readonly OpenSecret[]> {
    if (names.length === 0) return [];
    const chosen = nearest(await this.secrets.findSealed(tenantId, projectId, names));
    const opened = await Promise.all(chosen.map(async (sealed) => ({ sealed, value: await this.sealer.open(sealed) })));
    const closed = opened.filter(({ value }) => value === null).map(({ sealed }) => sealed);
    if (closed.length > 0) throw unreadable(closed);
    return opened.flatMap(({ sealed: { secret }, value }) =>
      value === null
        ? []
        : [{ name: secret.name, scope: scopeOf(secret), secretId: secret.id, version: secret.version, value }],
    );
  }
}

/** The project's own goes before its tenant's. */
function nearest(found: readonly SealedSecret[]): readonly SealedSecret[] {
  const byName = new Map<string, SealedSecret>();
  for (const sealed of found) {
    const { name, projectId } = sealed.secret;
    if (projectId !== null || !byName.has(name)) byName.set(name, sealed);
  }
  return [...byName.values()];
}

const scopeOf = ({ projectId }: Secret): 'project' | 'tenant' => (projectId === null ? 'tenant' : 'project');

function unreadable(closed: readonly SealedSecret[]): DomainError {
  const told = closed.map(({ secret, value }) => `${secret.name} version ${secret.version} (key ${value.key.keyId})`);
  return new DomainError(
    'SECRET_UNREADABLE',
    `Sealed with a key that this Muster does not have, or damaged: ${told.join(', ')}.`,
    { details: { secrets: closed.map(({ secret }) => secret.name) } },
  );
}
