import { newId, type ProjectId, type SecretId, type TenantId } from '../../src/domain/ids.js';
import { SecretVault, type OpenSecret } from '../../src/domain/secrets/secret-vault.js';

/** Secrets of one project, in memory and in clear. */
export class OpenVault extends SecretVault {
  private readonly kept = new Map<string, { id: SecretId; version: number; value: string }>();

  set(name: string, value: string): void {
    const { id = newId<SecretId>(), version = 0 } = this.kept.get(name) ?? {};
    this.kept.set(name, { id, version: version + 1, value });
  }

  delete(name: string): void {
    this.kept.delete(name);
  }

  async known(_tenant: TenantId, _project: ProjectId, names: readonly string[]): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set(names.filter((name) => this.kept.has(name))));
  }

  async open(_tenant: TenantId, _project: ProjectId, names: readonly string[]): Promise<readonly OpenSecret[]> {
    return Promise.resolve(
      names.flatMap((name) => {
        const found = this.kept.get(name);
        if (found === undefined) return [];
        const { id, version, value } = found;
        return [{ name, scope: 'project' as const, secretId: id, version, value: Buffer.from(value) }];
      }),
    );
  }
}
