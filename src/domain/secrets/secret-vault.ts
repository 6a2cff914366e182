import type { ProjectId, SecretId, TenantId } from '../ids.js';

/** Which version of which secret. */
export interface SecretVersion {
  readonly secretId: SecretId;
  /** project: the project's own; tenant: the one for all projects. */
  readonly scope: 'project' | 'tenant';
  readonly version: number;
}

/** A value, open. Only ever on its way to the agent; who has it overwrites it when it is there. */
export interface OpenSecret extends SecretVersion {
  readonly name: string;
  readonly value: Uint8Array;
}

/** What agents are given of the secrets that are kept for their project. */
export abstract class SecretVault {
  /** Which of these names stand for a secret now: the project's own, or else its tenant's. */
  abstract known(tenantId: TenantId, projectId: ProjectId, names: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * The values of those that there are, each name once.
   * @throws DomainError SECRET_UNREADABLE, naming every one that cannot be opened
   */
  abstract open(tenantId: TenantId, projectId: ProjectId, names: readonly string[]): Promise<readonly OpenSecret[]>;
}
