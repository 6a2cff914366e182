import { Schema, type Types } from 'mongoose';

export const MANIFEST_CLAIM_MODEL = 'ManifestClaim';

/** A document of `manifest_claims`. Kept for ever: a manifest can be used once. */
export interface ManifestClaimRecord {
  /** `<tenant id>:<digest>`, which makes a digest unique for its tenant. */
  _id: string;
  tenantId: Types.ObjectId;
  digest: string;
  projectId: Types.ObjectId;
  instanceId: Types.ObjectId;
  request: string | null;
  createdAt: Date;
}

const { ObjectId } = Schema.Types;

export const manifestClaimSchema = new Schema<ManifestClaimRecord>(
  {
    _id: { type: String, required: true },
    tenantId: { type: ObjectId, required: true },
    digest: { type: String, required: true },
    projectId: { type: ObjectId, required: true },
    instanceId: { type: ObjectId, required: true },
    request: { type: String, default: null },
    createdAt: { type: Date, required: true },
  },
  { collection: 'manifest_claims', minimize: false, versionKey: false, strict: true },
);
