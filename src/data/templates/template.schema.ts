import { Schema, type Types } from 'mongoose';
import type { Actor } from '../../domain/events/actor.js';
import type { AgentConfig } from '../../domain/templates/blueprint.js';
import type { Manifest } from '../../domain/templates/manifest.js';
import type { ImportedSource } from '../../domain/templates/template.js';
import { OUTBOX_FIELD, type OutboxRecord } from '../outbox/outbox.schema.js';

export const TEMPLATE_MODEL = 'AgentTemplate';

/**
 * A version's content. What is free JSON is kept as JSON text: as BSON it would not come back as given (the driver
 * turns {$ref, $id} into a reference and trips over _bsontype), and as text it is read several times faster.
 */
export interface ContentRecord {
  displayName: string;
  description: string;
  role: string;
  tags: string[];
  labels: string[];
  soul: string;
  /** JSON text; null when there is none. */
  aieosIdentity: string | null;
  systemPrompt: string;
  /** JSON text. */
  tools: string;
  config: AgentConfig;
  manifest: Manifest;
  /** JSON text. */
  extensions: string;
}

/** A document of `templates`: the newest version, whole, and what is true of the template itself. */
export interface TemplateRecord {
  _id: Types.ObjectId;
  tenantId: Types.ObjectId;
  name: string;
  /** The name while it is taken; with the id behind it once the template is archived. */
  nameKey: string;
  version: number;
  digest: string;
  content: ContentRecord;
  source: ImportedSource | null;
  versionCreatedAt: Date;
  versionCreatedBy: Actor;
  createdAt: Date;
  updatedAt: Date;
  archivedAt: Date | null;
  outbox: OutboxRecord[];
}

const { Mixed, ObjectId } = Schema.Types;

export const templateSchema = new Schema<TemplateRecord>(
  {
    tenantId: { type: ObjectId, required: true },
    name: { type: String, required: true },
    nameKey: { type: String, required: true },
    version: { type: Number, required: true },
    digest: { type: String, required: true },
    content: { type: Mixed, required: true },
    source: { type: Mixed, default: null },
    versionCreatedAt: { type: Date, required: true },
    versionCreatedBy: { type: Mixed, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    archivedAt: { type: Date, default: null },
    outbox: OUTBOX_FIELD,
  },
  { collection: 'templates', minimize: false, versionKey: false, strict: true },
);

// keeps a name unique among the tenant's live templates, and finds one by it: import
templateSchema.index({ tenantId: 1, nameKey: 1 }, { unique: true });
// lists a tenant's templates, newest first: GET /templates
templateSchema.index({ tenantId: 1, _id: -1 });
// lists those with a label: GET /templates?label=
templateSchema.index({ tenantId: 1, 'content.labels': 1, _id: -1 });
// lists those for a role: GET /templates?role=
templateSchema.index({ tenantId: 1, 'content.role': 1, _id: -1 });
// finds what a crash left in the outboxes: OutboxSweeper
templateSchema.index({ 'outbox.eventId': 1 }, { partialFilterExpression: { 'outbox.eventId': { $exists: true } } });
