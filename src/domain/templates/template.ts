import type { Actor } from '../events/actor.js';
import type { TemplateId, TenantId } from '../ids.js';
import type { Blueprint } from './blueprint.js';

/** What a version holds. `name` is not part of it: it never changes. */
export interface TemplateContent extends Blueprint {
  readonly displayName: string;
  readonly description: string;
  readonly role: string;
  readonly tags: readonly string[];
  readonly labels: readonly string[];
}

/** The file a version was imported from, kept so that an export gives it back to the byte. */
export interface ImportedSource {
  readonly format: 'daemon-v1';
  readonly text: string;
}

/** One version, immutable. */
export interface TemplateVersion {
  readonly id: TemplateId;
  readonly tenantId: TenantId;
  /** Slug, unique for the tenant. */
  readonly name: string;
  /** 1, 2, 3 … */
  readonly version: number;
  /** SHA-256, in hex, over the RFC 8785 canonical JSON of {name, ...content}. */
  readonly digest: string;
  readonly content: TemplateContent;
  readonly source: ImportedSource | null;
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
