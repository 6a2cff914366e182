import { Types } from 'mongoose';
import type { AgentInstanceId, ProjectId, RunId, TenantId } from '../../domain/ids.js';
import { holdingKey, type Holding, type HoldingKey } from '../../domain/quotas/holding.js';
import type { QuotaLedger } from '../../domain/quotas/quota-ledger.js';
import type { HoldingRecord, QuotaLedgerRecord } from './quota-ledger.schema.js';

export type ReadQuotaLedger = Omit<QuotaLedgerRecord, 'outbox'>;

export function toQuotaLedger(record: ReadQuotaLedger): QuotaLedger {
  return {
    tenantId: record.tenantId.toHexString() as TenantId,
    version: record.version,
    limits: record.limits,
    projects: new Map(Object.entries(record.projects).map(([id, limits]) => [id as ProjectId, limits])),
    holdings: new Map(
      Object.entries(record.held).map(([key, held]) => {
        const holding = toHolding(key as HoldingKey, held);
        return [holdingKey(holding), holding];
      }),
    ),
  };
}

function toHolding(key: HoldingKey, { projectId, amounts, generation, claimedAt }: HoldingRecord): Holding {
  const [kind, id] = key.split(':') as [Holding['kind'], AgentInstanceId | RunId];
  return { kind, id, projectId: projectId.toHexString() as ProjectId, amounts, generation, claimedAt };
}

export const fromHolding = ({ projectId, amounts, generation, claimedAt }: Holding): HoldingRecord => ({
  projectId: new Types.ObjectId(projectId),
  amounts,
  generation,
  claimedAt,
});
