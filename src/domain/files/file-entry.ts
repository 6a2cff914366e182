export type FileType = 'file' | 'folder' | 'link' | 'pipe' | 'socket' | 'device';

/** Something in an agent's workspace, as the agent's side tells it. Links are told, never followed. */
export interface FileEntry {
  /** Relative to the workspace. What is no UTF-8 in it is U+FFFD, and cannot be asked for by it. */
  readonly path: string;
  readonly type: FileType;
  /** In bytes, as the file claims it: a sparse one can claim terabytes. 0 for all but files. */
  readonly size: number;
  readonly mode: number;
  readonly modifiedAt: Date;
  /** What a link says; it need not be there. */
  readonly target: string | null;
  /** Names the content; of files alone. Without quotes. */
  readonly etag: string | null;
}

/**
 * Something that happened in a workspace. `watching` begins; `incomplete` says that more is there, or happened at once, than is
 * watched, so that only listing it anew shows everything.
 */
export interface FileChange {
  readonly kind: 'watching' | 'created' | 'changed' | 'deleted' | 'incomplete';
  readonly path: string;
  readonly type: FileType | null;
}
