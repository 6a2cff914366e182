import type { ForkOrigin } from '../agent-snapshots/agent-snapshot.js';
import type { Actor } from '../events/actor.js';
import type { AgentInstanceId, ProjectId, TemplateId, TenantId } from '../ids.js';
import type { Spawn } from './spawn.js';

/** One seat of the team: which template version fills it, and which instance was made for it. */
export interface RoleAssignment {
  readonly instanceId: AgentInstanceId;
  /** `<project slug>-<role slug>-<n>`; n is never used twice. */
  readonly identifier: string;
  readonly role: string;
  readonly templateId: TemplateId;
  readonly templateVersion: number;
  /** Overrides the template's display name; null takes the template's. */
  readonly displayName: string | null;
  readonly tags: readonly string[];
  /** The snapshot that its agent is made from, in place of the template; null: the template. */
  readonly forkedFrom: ForkOrigin | null;
  readonly assignedAt: Date;
  readonly assignedBy: Actor;
  /** Not there for a seat that was assigned in the ordinary way. */
  readonly spawn?: Spawn;
}

/** Characters. */
export const PROJECT_NAME_MAX_LENGTH = 100;
export const ROLE_MAX_LENGTH = 40;
/** Most tags that an assignment can add to the template's. */
export const MOST_SEAT_TAGS = 20;
/** Most seats that a project can have. */
export const MOST_ASSIGNMENTS = 100;

/** What can be changed of a project that exists. */
export interface ProjectChange {
  readonly name?: string;
  readonly description?: string;
}

export interface Project {
  readonly id: ProjectId;
  readonly tenantId: TenantId;
  readonly name: string;
  /** Unique among the tenant's live projects. */
  readonly slug: string;
  readonly description: string;
  /** Start each agent once its snapshot exists. */
  readonly autostart: boolean;
  readonly roleAssignments: readonly RoleAssignment[];
  /** How many identifiers each role slug has used up. */
  readonly roleCounters: Readonly<Record<string, number>>;
  /** Instances that may not have been created yet: what the snapshot sweep works from. */
  readonly pendingSnapshots: readonly AgentInstanceId[];
  /** Seats given up whose agents may not have been asked to go yet: what the removal sweep works from. */
  readonly pendingRemovals: readonly RoleAssignment[];
  /** Raised by every change that a client can see; the ETag. */
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly archivedAt: Date | null;
}
