import { Schema, type Types } from 'mongoose';

export const TICKETS = 'tickets';

export interface TicketRecord {
  /** SHA-256 of its text. */
  _id: string;
  tenantId: Types.ObjectId;
  apiKeyId: Types.ObjectId;
  path: string;
  expiresAt: Date;
}

const { ObjectId } = Schema.Types;

export const TicketSchema = new Schema<TicketRecord>(
  {
    _id: { type: String, required: true },
    tenantId: { type: ObjectId, required: true },
    apiKeyId: { type: ObjectId, required: true },
    path: { type: String, required: true },
    expiresAt: { type: Date, required: true },
  },
  { collection: TICKETS, minimize: false, versionKey: false, strict: true },
);

// finds a tenant's tickets that nobody used in time: Tickets.insert
TicketSchema.index({ tenantId: 1, expiresAt: 1 });
