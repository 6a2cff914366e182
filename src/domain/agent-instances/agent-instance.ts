import type { Actor } from '../events/actor.js';
import type { AgentInstanceId, ProjectId, RunId, TemplateId, TenantId } from '../ids.js';
import type { JsonObject } from '../json.js';
import type { Lifecycle } from '../lifecycle/lifecycle.js';
import type { SignedOrigin, Spawn } from '../projects/spawn.js';
import type { Blueprint } from '../templates/blueprint.js';

export const AGENT_STATUSES = ['idle', 'busy', 'error'] as const;

/** What the agent is doing: busy while a run is open, error when its lifecycle failed. */
export type AgentStatus = (typeof AGENT_STATUSES)[number];

/** A full snapshot of a template version, made for one seat of one project. */
export interface AgentInstance extends Blueprint {
  readonly id: AgentInstanceId;
  readonly projectId: ProjectId;
  readonly tenantId: TenantId;
  readonly templateId: TemplateId;
  readonly templateVersion: number;
  readonly templateDigest: string;
  readonly role: string;
  readonly displayName: string;
  readonly identifier: string;
  readonly tags: readonly string[];
  /** Main process id of replica 0 on its host while running, else null. */
  readonly pid: number | null;
  readonly status: AgentStatus;
  /** Runs that are open now. */
  readonly openRuns: readonly RunId[];
  /** `/artifacts/{projectId}/workspaces/{instanceId}/` */
  readonly workspacePath: string;
  readonly lifecycle: Lifecycle;
  /** Not there for an agent that was assigned in the ordinary way. */
  readonly spawn?: Spawn;
  /** Of a fork, however many forks before: the signed manifest of the agent that the first was of. It is unsigned itself. */
  readonly signedOrigin?: SignedOrigin;
  /** Raised by edits alone, so that a busy agent does not spoil an admin's If-Match. 1 is the snapshot as made. */
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly removedAt: Date | null;
}

/** What an admin can edit. A field that is given replaces the stored one. */
export interface InstanceEdit {
  readonly soul?: string;
  readonly aieos_identity?: JsonObject | null;
  readonly displayName?: string;
  readonly tags?: readonly string[];
}

export const EDITABLE_FIELDS = [
  'soul',
  'aieos_identity',
  'displayName',
  'tags',
] as const satisfies (keyof InstanceEdit)[];

/** What a revision can change: a restored snapshot brings its workspace too. */
export const CHANGEABLE_FIELDS = [...EDITABLE_FIELDS, 'workspace'] as const;

/** The editable part as it was at one revision: who, when, what. */
export interface InstanceRevision {
  readonly instanceId: AgentInstanceId;
  readonly tenantId: TenantId;
  readonly revision: number;
  readonly soul: string;
  readonly aieos_identity: JsonObject | null;
  readonly displayName: string;
  readonly tags: readonly string[];
  /** Which fields this revision changed; all of them for revision 1. */
  readonly changedFields: readonly string[];
  readonly changedBy: Actor;
  readonly changedAt: Date;
}

export const workspacePathOf = (projectId: ProjectId, instanceId: AgentInstanceId): string =>
  `/artifacts/${projectId}/workspaces/${instanceId}/`;
