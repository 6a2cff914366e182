import { Schema, type Types } from 'mongoose';
import type { Actor } from '../../domain/events/actor.js';

export const INSTANCE_REVISION_MODEL = 'InstanceRevision';

/** A document of `instance_revisions`: what an instance held before an edit. Never changed. */
export interface InstanceRevisionRecord {
  _id: Types.ObjectId;
  tenantId: Types.ObjectId;
  instanceId: Types.ObjectId;
  revision: number;
  soul: string;
  /** JSON text, as in the instance. */
  aieos_identity: string | null;
  displayName: string;
  tags: string[];
  changedFields: string[];
  changedBy: Actor;
  changedAt: Date;
}

const { Mixed, ObjectId } = Schema.Types;

export const instanceRevisionSchema = new Schema<InstanceRevisionRecord>(
  {
    tenantId: { type: ObjectId, required: true },
    instanceId: { type: ObjectId, required: true },
    revision: { type: Number, required: true },
    soul: { type: String, default: '' },
    aieos_identity: { type: Mixed, default: null },
    displayName: { type: String, required: true },
    tags: { type: [String], default: [] },
    changedFields: { type: [String], default: [] },
    changedBy: { type: Mixed, required: true },
    changedAt: { type: Date, required: true },
  },
  { collection: 'instance_revisions', minimize: false, versionKey: false, strict: true },
);

// keeps each revision once, finds one, and lists them newest first: GET …/agents/:id/revisions
instanceRevisionSchema.index({ tenantId: 1, instanceId: 1, revision: -1 }, { unique: true });
