import { Schema, type Types } from 'mongoose';

export const APPEND_LEASE_MODEL = 'AppendLease';

/** A document of `event_log_leases`: who appends to a tenant's log just now. Its id is the tenant's. */
export interface AppendLeaseRecord {
  _id: Types.ObjectId;
  tenantId: Types.ObjectId;
  owner: string;
  until: Date;
}

export const appendLeaseSchema = new Schema<AppendLeaseRecord>(
  {
    tenantId: { type: Schema.Types.ObjectId, required: true },
    owner: { type: String, required: true },
    until: { type: Date, required: true },
  },
  { collection: 'event_log_leases', minimize: false, versionKey: false, strict: true },
);
