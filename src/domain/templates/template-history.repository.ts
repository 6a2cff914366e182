import type { TemplateId, TenantId } from '../ids.js';
import type { Sourced, TemplateVersion, VersionSummary } from './template.js';

export interface VersionReference {
  readonly id: TemplateId;
  readonly version: number;
}

/** Versions that were replaced, each under (tenant, template, version), never changed. */
export abstract class TemplateHistory {
  /** Inserts the version unless it is there; says which happened. */
  abstract insertOnce(version: Sourced<TemplateVersion>): Promise<'inserted' | 'existed'>;
  abstract find(tenantId: TenantId, reference: VersionReference): Promise<Sourced<TemplateVersion> | null>;
  /** Those that exist, in no particular order: one query for all. */
  abstract findMany(tenantId: TenantId, references: readonly VersionReference[]): Promise<readonly TemplateVersion[]>;
  /** Versions below `before`, newest first. */
  abstract listBefore(
    tenantId: TenantId,
    id: TemplateId,
    before: number,
    limit: number,
  ): Promise<readonly VersionSummary[]>;
}
