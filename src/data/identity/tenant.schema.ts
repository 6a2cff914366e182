import { Schema, type Types } from 'mongoose';
import { OUTBOX_FIELD } from '../outbox/outbox.schema.js';
import type { WithOutbox } from '../outbox/mongo-outbox-source.js';

export const TENANTS = 'tenants';

export interface TenantRecord extends WithOutbox {
  name: string;
  firstKeyId: Types.ObjectId;
  /** The admin keys that do not expire; the last of them cannot be revoked. */
  adminKeyIds: Types.ObjectId[];
  createdAt: Date;
}

export const TenantSchema = new Schema<TenantRecord>(
  {
    tenantId: { type: Schema.Types.ObjectId, required: true },
    name: { type: String, required: true },
    firstKeyId: { type: Schema.Types.ObjectId, required: true },
    adminKeyIds: { type: [Schema.Types.ObjectId], required: true },
    createdAt: { type: Date, required: true },
    outbox: OUTBOX_FIELD,
  },
  { collection: TENANTS, minimize: false, versionKey: false, strict: true },
);

// finds a tenant by its name, and keeps two processes from making `default` twice. The tenants themselves are the one
// collection whose unique index cannot begin with the tenant.
TenantSchema.index({ name: 1 }, { unique: true });
// the sweeper's: finds tenants whose events wait for the log
TenantSchema.index({ 'outbox.eventId': 1 });
