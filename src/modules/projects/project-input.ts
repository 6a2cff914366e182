import type { ForkOrigin } from '../../domain/agent-snapshots/agent-snapshot.js';
import type { AgentInstanceId, TemplateId } from '../../domain/ids.js';
import type { Spawn } from '../../domain/projects/spawn.js';
import type { Manifest } from '../../domain/templates/manifest.js';

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

/** A seat for an agent that is made from a snapshot. */
export interface ForkInput {
  readonly role: string;
  readonly displayName: string;
  readonly templateId: TemplateId;
  readonly templateVersion: number;
  /** The snapshot's: what the agent will need. */
  readonly manifest: Manifest;
  readonly forkedFrom: ForkOrigin;
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
