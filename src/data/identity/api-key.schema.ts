import { Schema } from 'mongoose';
import type { Role } from '../../domain/identity/permissions.js';
import type { WithOutbox } from '../outbox/mongo-outbox-source.js';
import { OUTBOX_FIELD } from '../outbox/outbox.schema.js';

export const API_KEYS = 'api_keys';

export interface ApiKeyRecord extends WithOutbox {
  name: string;
  role: Role;
  keyHash: string;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

export const ApiKeySchema = new Schema<ApiKeyRecord>(
  {
    tenantId: { type: Schema.Types.ObjectId, required: true },
    name: { type: String, required: true },
    role: { type: String, required: true },
    keyHash: { type: String, required: true },
    createdAt: { type: Date, required: true },
    expiresAt: { type: Date, default: null },
    revokedAt: { type: Date, default: null },
    outbox: OUTBOX_FIELD,
  },
  { collection: API_KEYS, minimize: false, versionKey: false, strict: true },
);

// lists a tenant's keys, newest first: GET /api-keys
ApiKeySchema.index({ tenantId: 1, _id: -1 });
// finds the key that an operator chose, whose text names neither tenant nor key: the first request with it
ApiKeySchema.index({ keyHash: 1 });
// the sweeper's: finds keys whose events wait for the log
ApiKeySchema.index({ 'outbox.eventId': 1 });
