import type { AgentInstanceId, TemplateId } from '../../domain/ids.js';
import type { Spawn } from '../../domain/projects/spawn.js';

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

/** A seat for an agent that starts as soon as it is there. */
export interface SpawnInput extends SeatInput {
  readonly instanceId: AgentInstanceId;
  readonly spawn: Spawn;
}

export interface NewProject {
  readonly name: string;
  /** Made from the name when left out. */
  readonly slug?: string;
  readonly description?: string;
  readonly roleAssignments: readonly SeatInput[];
  readonly autostart?: boolean;
}
