import { Schema, type Types } from 'mongoose';
import type { TemplateRecord } from './template.schema.js';

export const TEMPLATE_VERSION_MODEL = 'AgentTemplateVersion';

/** A document of `template_versions`: one version that is not the newest any more, or is about to be replaced. */
export interface TemplateVersionRecord extends Pick<
  TemplateRecord,
  'tenantId' | 'name' | 'version' | 'digest' | 'content' | 'source' | 'versionCreatedAt' | 'versionCreatedBy'
> {
  _id: Types.ObjectId;
  templateId: Types.ObjectId;
}

const { Mixed, ObjectId } = Schema.Types;

export const templateVersionSchema = new Schema<TemplateVersionRecord>(
  {
    tenantId: { type: ObjectId, required: true },
    templateId: { type: ObjectId, ref: 'AgentTemplate', required: true },
    name: { type: String, required: true },
    version: { type: Number, required: true },
    digest: { type: String, required: true },
    content: { type: Mixed, required: true },
    source: { type: Mixed, default: null },
    versionCreatedAt: { type: Date, required: true },
    versionCreatedBy: { type: Mixed, required: true },
  },
  { collection: 'template_versions', minimize: false, versionKey: false, strict: true },
);

// keeps a version from being written twice; finds one (GET …/versions/:n) and lists them, newest first (GET …/versions)
templateVersionSchema.index({ tenantId: 1, templateId: 1, version: -1 }, { unique: true });
