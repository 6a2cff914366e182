import { Schema, type Types } from 'mongoose';

export const IDEMPOTENCY_KEYS = 'idempotency_keys';

export interface IdempotencyKeyRecord {
  /** See IdempotencyClaim.id. */
  _id: string;
  tenantId: Types.ObjectId;
  fingerprint: string;
  owner: string;
  /** When the request was first seen, and when its owner last renewed its lease: by the database's clock. */
  createdAt: Date;
  renewedAt: Date;
  answer: { status: number; headers: Record<string, string>; sealedBody: Uint8Array } | null;
}

export const IdempotencyKeySchema = new Schema<IdempotencyKeyRecord>(
  {
    _id: { type: String, required: true },
    tenantId: { type: Schema.Types.ObjectId, required: true },
    fingerprint: { type: String, required: true },
    owner: { type: String, required: true },
    createdAt: { type: Date, required: true },
    renewedAt: { type: Date, required: true },
    answer: { type: Schema.Types.Mixed, default: null },
  },
  { collection: IDEMPOTENCY_KEYS, minimize: false, versionKey: false, strict: true },
);

// finds what is too old to be kept: the hourly sweep
IdempotencyKeySchema.index({ createdAt: 1 });
