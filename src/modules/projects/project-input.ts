import type { TemplateId } from '../../domain/ids.js';

/** A seat that somebody asks for. */
export interface SeatInput {
  readonly role: string;
  readonly templateId: TemplateId;
  /** The newest when left out. */
  readonly templateVersion?: number;
  /** The template's when left out. */
  readonly displayName?: string;
  /** Added to the template's own. */
  readonly tags?: readonly string[];
}

export interface NewProject {
  readonly name: string;
  /** Made from the name when left out. */
  readonly slug?: string;
  readonly description?: string;
  readonly roleAssignments: readonly SeatInput[];
  readonly autostart?: boolean;
}
