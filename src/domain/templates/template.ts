import type { Actor } from '../events/actor.js';
import type { TemplateId, TenantId } from '../ids.js';
import type { JsonObject } from '../json.js';
import type { Blueprint } from './blueprint.js';

/** What a version holds. `name` is not part of it: it never changes. */
export interface TemplateContent extends Blueprint {
  readonly displayName: string;
  readonly description: string;
  readonly role: string;
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  /**
   * What an imported file said beyond the fields above, at the places where it said it: {metadata: {max_turns: 10}}.
   * Muster does not act on it; it is kept so that an export says it again.
   */
  readonly extensions: JsonObject;
}

export const TEMPLATE_FORMATS = ['daemon-v1', 'manifest-json'] as const;
export type TemplateFormat = (typeof TEMPLATE_FORMATS)[number];

/** The file a version was imported from, kept so that an export gives it back to the byte. */
export interface ImportedSource {
  readonly format: TemplateFormat;
  readonly text: string;
}

/** One version, immutable. */
export interface TemplateVersion {
  readonly id: TemplateId;
  readonly tenantId: TenantId;
  /** Slug, unique among the tenant's templates that are not archived. */
  readonly name: string;
  /** 1, 2, 3 … */
  readonly version: number;
  /** SHA-256, in hex, over the RFC 8785 canonical JSON of {name, ...content}. */
  readonly digest: string;
  readonly content: TemplateContent;
  /** When and by whom this version was made. */
  readonly versionCreatedAt: Date;
  readonly versionCreatedBy: Actor;
}

/** A template as its newest version shows it. */
export interface Template extends TemplateVersion {
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly archivedAt: Date | null;
}

/** A version as a list shows it: without the long texts. */
export type TemplateSummary = Omit<Template, 'content' | 'versionCreatedBy' | 'versionCreatedAt'> &
  Pick<TemplateContent, 'displayName' | 'description' | 'role' | 'tags' | 'labels' | 'config'>;

/** One line of a template's history. */
export type VersionSummary = Pick<TemplateVersion, 'version' | 'digest' | 'versionCreatedAt' | 'versionCreatedBy'>;

/** A version together with the file it came from; null when it was made or edited as JSON. */
export interface Sourced<T extends TemplateVersion> {
  readonly template: T;
  readonly source: ImportedSource | null;
}
