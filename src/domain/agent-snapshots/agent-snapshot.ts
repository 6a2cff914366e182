import type { Actor } from '../events/actor.js';
import type { ProblemCode } from '../errors/problem-catalogue.js';
import type { AgentInstanceId, AgentSnapshotId, ProjectId, TemplateId, TenantId } from '../ids.js';
import type { SignedOrigin } from '../projects/spawn.js';
import type { Blueprint } from '../templates/blueprint.js';

/** archive: the workspace as a tar file. image: in addition the container's own file system, as an image of the engine. */
export const SNAPSHOT_TARGETS = ['archive', 'image'] as const;
export type SnapshotTarget = (typeof SNAPSHOT_TARGETS)[number];

export const SNAPSHOT_STATES = ['pending', 'ready', 'failed', 'deleted'] as const;
/** pending → ready or failed → deleted. Only a ready one can be restored, forked and downloaded. */
export type SnapshotState = (typeof SNAPSHOT_STATES)[number];

/** Characters. */
export const REASON_MAX_LENGTH = 200;

/** All that an agent is told to be, as it was. */
export interface SnapshotBlueprint extends Blueprint {
  readonly displayName: string;
  readonly tags: readonly string[];
}

/** A file that was written once. */
export interface StoredArchive {
  /** In hex, over the file's bytes. */
  readonly sha256: string;
  readonly bytes: number;
}

export interface CommittedImage {
  /** The engine's own, immutable. */
  readonly id: string;
  /** Its name, so that nobody prunes it. */
  readonly reference: string;
}

export interface SnapshotFailure {
  readonly code: ProblemCode;
  readonly message: string;
}

/** An agent as it was at one moment: what it was told to be, and what was in its workspace. It outlives the agent. */
export interface AgentSnapshot {
  readonly id: AgentSnapshotId;
  readonly tenantId: TenantId;
  readonly projectId: ProjectId;
  readonly instanceId: AgentInstanceId;
  /** The instance's, then. */
  readonly revision: number;
  readonly role: string;
  readonly templateId: TemplateId;
  readonly templateVersion: number;
  readonly templateDigest: string;
  readonly blueprint: SnapshotBlueprint;
  /** SHA-256, in hex, over the canonical JSON of the blueprint. */
  readonly blueprintDigest: string;
  readonly target: SnapshotTarget;
  readonly reason: string | null;
  readonly state: SnapshotState;
  /** null until it is ready. */
  readonly archive: StoredArchive | null;
  /** null until it is ready, and where none was asked for. */
  readonly image: CommittedImage | null;
  readonly error: SnapshotFailure | null;
  readonly createdBy: Actor;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

/** The name of a snapshot's image on the engine. */
export const imageReferenceOf = (id: AgentSnapshotId): string => `muster/snapshot:${id}`;

/** Where a seat's agent comes from when it comes from no template. */
export interface ForkOrigin {
  readonly snapshotId: AgentSnapshotId;
  readonly instanceId: AgentInstanceId;
  readonly revision: number;
  /** The signed manifest behind that agent, which allows that one alone. null, or not there: none. */
  readonly signedOrigin?: SignedOrigin | null;
  /** Of who forked it, in their own words. Not there: none was given. */
  readonly reason?: string;
}
