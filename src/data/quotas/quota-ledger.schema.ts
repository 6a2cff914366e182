import { Schema, type Types } from 'mongoose';
import type { Holding } from '../../domain/quotas/holding.js';
import type { Amounts } from '../../domain/quotas/quota.js';
import type { WithOutbox } from '../outbox/mongo-outbox-source.js';
import { OUTBOX_FIELD } from '../outbox/outbox.schema.js';

export const QUOTA_LEDGERS = 'quota_ledgers';

export interface HoldingRecord {
  projectId: Types.ObjectId;
  amounts: Amounts;
  generation: number;
  claimedAt: Date;
}

/** A document of `quota_ledgers`; its id is the tenant's. */
export interface QuotaLedgerRecord extends WithOutbox {
  version: number;
  limits: Amounts;
  /** By the project's id. */
  projects: Record<string, Amounts>;
  /** By kind and id: `seat:…`, `running:…`, `run:…`. */
  held: Record<`${Holding['kind']}:${string}`, HoldingRecord>;
}

const { Mixed, ObjectId } = Schema.Types;

export const QuotaLedgerSchema = new Schema<QuotaLedgerRecord>(
  {
    tenantId: { type: ObjectId, required: true },
    version: { type: Number, required: true },
    limits: { type: Mixed, default: {} },
    projects: { type: Mixed, default: {} },
    held: { type: Mixed, default: {} },
    outbox: OUTBOX_FIELD,
  },
  { collection: QUOTA_LEDGERS, minimize: false, versionKey: false, strict: true },
);

// finds what a crash left in the outboxes: OutboxSweeper
QuotaLedgerSchema.index({ 'outbox.eventId': 1 }, { partialFilterExpression: { 'outbox.eventId': { $exists: true } } });
