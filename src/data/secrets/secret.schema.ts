import { Schema, type Types } from 'mongoose';
import type { Actor } from '../../domain/events/actor.js';
import { OUTBOX_FIELD, type OutboxRecord } from '../outbox/outbox.schema.js';

export const SECRET_MODEL = 'Secret';

/** Everything of it is sealed; see SealedValue. */
export interface SealedRecord {
  nonce: Buffer;
  tag: Buffer;
  data: Buffer;
  key: { keyId: string; data: Buffer };
}

/** A document of `secrets`. */
export interface SecretRecord {
  _id: Types.ObjectId;
  tenantId: Types.ObjectId;
  /** null: for all projects of the tenant. */
  projectId: Types.ObjectId | null;
  name: string;
  version: number;
  /** null once it is deleted: then nothing is left that could be opened. */
  sealed: SealedRecord | null;
  createdAt: Date;
  createdBy: Actor;
  updatedAt: Date;
  updatedBy: Actor;
  outbox: OutboxRecord[];
}

const { Mixed, ObjectId } = Schema.Types;

export const secretSchema = new Schema<SecretRecord>(
  {
    tenantId: { type: ObjectId, required: true },
    projectId: { type: ObjectId, default: null },
    name: { type: String, required: true },
    version: { type: Number, required: true },
    sealed: { type: Mixed, default: null },
    createdAt: { type: Date, required: true },
    createdBy: { type: Mixed, required: true },
    updatedAt: { type: Date, required: true },
    updatedBy: { type: Mixed, required: true },
    outbox: OUTBOX_FIELD,
  },
  { collection: 'secrets', minimize: false, versionKey: false, strict: true },
);

// gives each name once to a project, and once to the tenant; finds it there: Secrets.findHead, findNamed
secretSchema.index({ tenantId: 1, projectId: 1, name: 1 }, { unique: true });
// finds the secrets of a project, or of the tenant, newest first: GET …/secrets
secretSchema.index({ tenantId: 1, projectId: 1, _id: -1 });
// finds what is under an old key: Secrets.findOldKeys
secretSchema.index({ 'sealed.key.keyId': 1, _id: 1 });
// finds the projects that have any: Secrets.findProjects
secretSchema.index({ projectId: 1 });
// finds what a crash left in the outboxes: OutboxSweeper
secretSchema.index({ 'outbox.eventId': 1 }, { partialFilterExpression: { 'outbox.eventId': { $exists: true } } });
