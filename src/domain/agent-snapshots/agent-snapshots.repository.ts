import type { DomainEvent } from '../events/domain-events.js';
import type { AgentInstanceId, AgentSnapshotId, ProjectId, TenantId } from '../ids.js';
import type { Page, PageRequest } from '../page.js';
import type { AgentSnapshot, CommittedImage, SnapshotFailure, StoredArchive } from './agent-snapshot.js';

/** An agent's snapshots, as a caller names them. */
export interface SnapshotsPath {
  readonly tenantId: TenantId;
  readonly projectId: ProjectId;
  readonly instanceId: AgentInstanceId;
}

export interface SnapshotResult {
  readonly archive: StoredArchive;
  readonly image: CommittedImage | null;
}

/** Where snapshots are kept. Each change is one conditional write to one document. Times are the database's. */
export abstract class AgentSnapshots {
  /**
   * Inserts a pending one, in one of `most` places that an agent has; its maker is believed to be there for `ttlMs`.
   * @throws DomainError QUOTA_EXCEEDED when no place is free
   */
  abstract insert(snapshot: AgentSnapshot, most: number, ttlMs: number): Promise<void>;
  /** Deleted ones too. */
  abstract find(id: AgentSnapshotId, tenantId: TenantId): Promise<AgentSnapshot | null>;
  /** Those that are not deleted, newest first. */
  abstract list(path: SnapshotsPath, page: PageRequest): Promise<Page<AgentSnapshot>>;
  /** Its maker is there for `ttlMs` more. false: it is not pending any more. */
  abstract renew(id: AgentSnapshotId, ttlMs: number): Promise<boolean>;
  /** pending → ready. @returns null when it is not pending any more */
  abstract complete(
    id: AgentSnapshotId,
    result: SnapshotResult,
    event: DomainEvent<'agent.snapshot.created'>,
  ): Promise<AgentSnapshot | null>;
  /** pending → failed. @returns null when it is not pending any more */
  abstract fail(
    id: AgentSnapshotId,
    failure: SnapshotFailure,
    event: DomainEvent<'agent.snapshot.failed'>,
  ): Promise<AgentSnapshot | null>;
  /** ready or failed → deleted. @returns null when it is neither */
  abstract markDeleted(
    id: AgentSnapshotId,
    event: DomainEvent<'agent.snapshot.deleted'>,
  ): Promise<AgentSnapshot | null>;
  /** Pending ones whose maker has fallen silent. */
  abstract findLost(limit: number): Promise<readonly AgentSnapshot[]>;
  /** Failed and deleted ones that may have left a file or an image. */
  abstract findUncleared(limit: number): Promise<readonly AgentSnapshot[]>;
  /** Nothing of it is left but its document. */
  abstract cleared(id: AgentSnapshotId): Promise<void>;
  /** Whether a living agent still waits for its archive, or runs from its image. */
  abstract isInUse(snapshot: AgentSnapshot): Promise<boolean>;
}
