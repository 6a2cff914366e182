import type { AgentSnapshotId } from '../ids.js';
import type { InstancePath } from '../lifecycle/lifecycle-records.js';
import type { ByteStream } from '../runtime/agent-files.js';
import type { CommittedImage } from './agent-snapshot.js';

export interface CaptureRequest {
  readonly snapshotId: AgentSnapshotId;
  /** Also the container's own file system. */
  readonly image: boolean;
  readonly maxBytes: number;
  readonly maxEntries: number;
}

export interface Captured<T> {
  readonly kept: T;
  readonly image: CommittedImage | null;
}

/** Reads an agent's workspace while nothing of it moves. */
export abstract class WorkspaceCapture {
  /**
   * What this installation cannot do, before anything is begun.
   * @throws RuntimeError unsupported
   */
  abstract assertPossible(request: Pick<CaptureRequest, 'image'>): Promise<void>;
  /**
   * Has `keep` read the workspace as a tar stream, under the agent's lease; one that runs is paused meanwhile, and goes on
   * afterwards, also when this process dies.
   * @throws DomainError SUPERSEDED when something else is asked of the agent meanwhile; SNAPSHOT_NOT_POSSIBLE, NotFoundError,
   * INVALID_TRANSITION while the agent starts, FILE_NOT_PERMITTED, BODY_TOO_LARGE, RuntimeError, what `keep` throws, the signal's reason
   */
  abstract capture<T>(
    path: InstancePath,
    request: CaptureRequest,
    keep: (archive: ByteStream) => Promise<T>,
    signal: AbortSignal,
  ): Promise<Captured<T>>;
}
