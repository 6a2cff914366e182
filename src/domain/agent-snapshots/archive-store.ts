import type { AgentSnapshotId } from '../ids.js';
import type { ByteStream } from '../runtime/agent-files.js';
import type { StoredArchive } from './agent-snapshot.js';

/** Where archives of workspaces are kept: files that are written once, whole or not at all. */
export abstract class ArchiveStore {
  /**
   * Writes what comes, and digests it meanwhile. What breaks off leaves nothing.
   * @throws DomainError BODY_TOO_LARGE, WORKSPACE_UNAVAILABLE when the disk is full; what the stream throws
   */
  abstract write(id: AgentSnapshotId, bytes: ByteStream, maxBytes: number): Promise<StoredArchive>;
  /**
   * Its bytes. The last piece is held back until all of it is found to be what was written.
   * @throws DomainError SNAPSHOT_DAMAGED when it is not there or of another size, here; when it is another, while it is read
   */
  abstract read(id: AgentSnapshotId, archive: StoredArchive): Promise<ByteStream>;
  /** @throws DomainError SNAPSHOT_DAMAGED when it is not there, or not what was written */
  abstract verify(id: AgentSnapshotId, archive: StoredArchive): Promise<void>;
  /** And what a crash left of it. Doing it twice does nothing. */
  abstract remove(id: AgentSnapshotId): Promise<void>;
}
