import { Types } from 'mongoose';
import type { TemplateId, TenantId } from '../../domain/ids.js';
import type { JsonObject } from '../../domain/json.js';
import type { ToolReference } from '../../domain/templates/blueprint.js';
import type {
  Sourced,
  Template,
  TemplateContent,
  TemplateSummary,
  TemplateVersion,
  VersionSummary,
} from '../../domain/templates/template.js';
import type { TemplateHead } from '../../domain/templates/templates.repository.js';
import { fromIdentity, toIdentity } from './identity-text.js';
import type { TemplateVersionRecord } from './template-version.schema.js';
import type { ContentRecord, TemplateRecord } from './template.schema.js';

export function toContent(record: ContentRecord): TemplateContent {
  return {
    displayName: record.displayName,
    description: record.description,
    role: record.role,
    tags: record.tags,
    labels: record.labels,
    soul: record.soul,
    aieos_identity: toIdentity(record.aieosIdentity),
    systemPrompt: record.systemPrompt,
    tools: JSON.parse(record.tools) as ToolReference[],
    config: record.config,
    manifest: record.manifest,
    extensions: JSON.parse(record.extensions) as JsonObject,
  };
}

export function fromContent(content: TemplateContent): ContentRecord {
  return {
    displayName: content.displayName,
    description: content.description,
    role: content.role,
    tags: [...content.tags],
    labels: [...content.labels],
    soul: content.soul,
    aieosIdentity: fromIdentity(content.aieos_identity),
    systemPrompt: content.systemPrompt,
    tools: JSON.stringify(content.tools),
    config: content.config,
    manifest: content.manifest,
    extensions: JSON.stringify(content.extensions),
  };
}

/** What a read of a template has to bring: everything but outbox, source and name key. */
export const TEMPLATE_PROJECTION = { outbox: 0, source: 0, nameKey: 0 } as const;
export type ReadTemplate = Omit<TemplateRecord, keyof typeof TEMPLATE_PROJECTION>;

export const toTemplate = (record: ReadTemplate): Template => ({
  ...versionOf(record._id, record),
  createdAt: record.createdAt,
  updatedAt: record.updatedAt,
  archivedAt: record.archivedAt,
});

/** The document of a template that is not archived, its outbox empty. */
export const fromTemplate = ({ template, source }: Sourced<Template>): TemplateRecord => ({
  _id: new Types.ObjectId(template.id),
  nameKey: template.name,
  ...fromVersionFields({ template, source }),
  createdAt: template.createdAt,
  updatedAt: template.updatedAt,
  archivedAt: null,
  outbox: [],
});

export const HEAD_PROJECTION = { version: 1, archivedAt: 1 } as const;

export const toHead = (record: Pick<TemplateRecord, '_id' | 'version' | 'archivedAt'>): TemplateHead => ({
  id: record._id.toHexString() as TemplateId,
  version: record.version,
  archivedAt: record.archivedAt,
});

export const SUMMARY_PROJECTION = {
  tenantId: 1,
  name: 1,
  version: 1,
  digest: 1,
  'content.displayName': 1,
  'content.description': 1,
  'content.role': 1,
  'content.tags': 1,
  'content.labels': 1,
  'content.config': 1,
  createdAt: 1,
  updatedAt: 1,
  archivedAt: 1,
} as const;
export type ReadSummary = Omit<TemplateRecord, 'content'> & {
  content: Pick<ContentRecord, 'displayName' | 'description' | 'role' | 'tags' | 'labels' | 'config'>;
};

export function toSummary(record: ReadSummary): TemplateSummary {
  return {
    id: record._id.toHexString() as TemplateId,
    tenantId: record.tenantId.toHexString() as TenantId,
    name: record.name,
    ...record.content,
    version: record.version,
    digest: record.digest,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    archivedAt: record.archivedAt,
  };
}

export const VERSION_PROJECTION = { source: 0 } as const;
export type ReadVersion = Omit<TemplateVersionRecord, keyof typeof VERSION_PROJECTION>;

export const toVersion = (record: ReadVersion): TemplateVersion => versionOf(record.templateId, record);

export const fromVersion = (version: Sourced<TemplateVersion>): Omit<TemplateVersionRecord, '_id'> => ({
  templateId: new Types.ObjectId(version.template.id),
  ...fromVersionFields(version),
});

export const VERSION_SUMMARY_PROJECTION = { version: 1, digest: 1, versionCreatedAt: 1, versionCreatedBy: 1 } as const;

export const toVersionSummary = (record: VersionSummary): VersionSummary => ({
  version: record.version,
  digest: record.digest,
  versionCreatedAt: record.versionCreatedAt,
  versionCreatedBy: record.versionCreatedBy,
});

/** What a template's document and one of its history both hold: a version. */
type VersionFields = Omit<TemplateVersionRecord, '_id' | 'templateId'>;

const versionOf = (templateId: Types.ObjectId, record: Omit<VersionFields, 'source'>): TemplateVersion => ({
  id: templateId.toHexString() as TemplateId,
  tenantId: record.tenantId.toHexString() as TenantId,
  name: record.name,
  version: record.version,
  digest: record.digest,
  content: toContent(record.content),
  versionCreatedAt: record.versionCreatedAt,
  versionCreatedBy: record.versionCreatedBy,
});

const fromVersionFields = ({ template, source }: Sourced<TemplateVersion>): VersionFields => ({
  tenantId: new Types.ObjectId(template.tenantId),
  name: template.name,
  version: template.version,
  digest: template.digest,
  content: fromContent(template.content),
  source,
  versionCreatedAt: template.versionCreatedAt,
  versionCreatedBy: template.versionCreatedBy,
});
