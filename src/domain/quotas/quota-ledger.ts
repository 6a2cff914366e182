import type { DomainEvent } from '../events/domain-events.js';
import type { ProjectId, TenantId } from '../ids.js';
import type { Holding, HoldingKey } from './holding.js';
import type { Amounts } from './quota.js';

/** A tenant's limits and all that is held of them, in one document: what is admitted is decided by one write to it. */
export interface QuotaLedger {
  readonly tenantId: TenantId;
  /** Raised by every write; 0: there is none stored yet. */
  readonly version: number;
  /** What an admin of the installation has set; the defaults hold for the rest. */
  readonly limits: Amounts;
  /** What admins of the tenant have set for its projects. */
  readonly projects: ReadonlyMap<ProjectId, Amounts>;
  readonly holdings: ReadonlyMap<HoldingKey, Holding>;
}

export const emptyLedger = (tenantId: TenantId): QuotaLedger => ({
  tenantId,
  version: 0,
  limits: {},
  projects: new Map(),
  holdings: new Map(),
});

/** How a ledger is to become its next version. */
export interface LedgerChange {
  readonly put: readonly Holding[];
  readonly drop: readonly HoldingKey[];
  readonly limits?: Amounts;
  readonly projects: ReadonlyMap<ProjectId, Amounts>;
  readonly events: readonly DomainEvent<'quota.changed'>[];
}

export abstract class QuotaLedgers {
  abstract find(tenantId: TenantId): Promise<QuotaLedger | null>;
  /**
   * Writes the change if the ledger still has this version.
   * @returns false when it has another one
   * @throws OutboxFullError
   */
  abstract write(ledger: Pick<QuotaLedger, 'tenantId' | 'version'>, change: LedgerChange): Promise<boolean>;
  /** Tenants that have a ledger, by id, after `after`. */
  abstract tenants(after: TenantId | null, limit: number): Promise<readonly TenantId[]>;
}
