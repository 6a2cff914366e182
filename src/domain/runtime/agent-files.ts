import type { FileChange, FileEntry } from '../files/file-entry.js';

/** A body that is read once, piece by piece. */
export type ByteStream = AsyncIterable<Uint8Array>;

export interface FileListRequest {
  readonly path: string;
  /** Also what is below the folders in it. */
  readonly recursive: boolean;
  readonly limit: number;
  /** The path of the last entry of the page before; empty for the first. */
  readonly after: string;
}

export interface FileList {
  readonly entries: readonly FileEntry[];
  readonly more: boolean;
}

export interface FileContent {
  /** Without quotes. */
  readonly etag: string;
  /** Of what comes now. */
  readonly length: number;
  /** Which bytes of how many; null for all of them. */
  readonly range: { readonly first: number; readonly last: number; readonly total: number } | null;
  /** Has to be read to its end, or returned. */
  readonly bytes: ByteStream;
}

export interface FileWriteRequest {
  readonly path: string;
  readonly maxBytes: number;
  /** Only if the file has this entity tag; `*`: only if there is one. */
  readonly ifMatch?: string;
  /** Only if there is none. */
  readonly ifNoneMatch?: boolean;
}

export interface ArchiveRequest {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/**
 * The files of an agent's workspace, served from inside: by the agent's own user, who cannot be led to more than the agent has
 * anyway. Paths are relative to the workspace. Nothing that comes out of it is to be believed but as what the agent says.
 *
 * Every method ends with the signal's reason when that is aborted, and may throw DomainError NOT_FOUND, FILE_CONFLICT,
 * FILE_NOT_PERMITTED, AGENT_UNREACHABLE, RUNTIME_UNSUPPORTED.
 */
export abstract class AgentFiles {
  /** What is in a folder, by the bytes of the names, a folder before what is in it; of anything else, itself. */
  abstract list(request: FileListRequest, signal: AbortSignal): Promise<FileList>;
  /**
   * A regular file, or the part of it that a Range header names.
   * @throws DomainError BODY_TOO_LARGE, RANGE_NOT_SATISFIABLE
   */
  abstract read(path: string, maxBytes: number, range: string | undefined, signal: AbortSignal): Promise<FileContent>;
  /**
   * Replaces or makes a file, whole or not at all.
   * @throws DomainError PRECONDITION_FAILED, BODY_TOO_LARGE, WORKSPACE_UNAVAILABLE when the disk is full; what the body throws
   */
  abstract write(
    request: FileWriteRequest,
    body: ByteStream,
    signal: AbortSignal,
  ): Promise<{ readonly entry: FileEntry; readonly created: boolean }>;
  abstract remove(path: string, recursive: boolean, signal: AbortSignal): Promise<void>;
  /** Makes a folder, and those on the way to it. @returns whether it was missing */
  abstract makeFolder(path: string, signal: AbortSignal): Promise<boolean>;
  /**
   * A folder's content as a tar stream, names relative to it. Pipes, sockets and devices are left out; what else an archive
   * cannot hold as it is, is left out too, or refused when it has to be `complete`.
   * @throws DomainError BODY_TOO_LARGE
   */
  abstract pack(request: ArchiveRequest & { readonly complete?: boolean }, signal: AbortSignal): Promise<ByteStream>;
  /**
   * Unpacks a tar stream, gzipped or not, into a folder: all of it, or nothing.
   * @throws DomainError ARCHIVE_INVALID, BODY_TOO_LARGE, WORKSPACE_UNAVAILABLE when the disk is full; what the body throws
   */
  abstract unpack(
    request: ArchiveRequest & { readonly gzip: boolean },
    body: ByteStream,
    signal: AbortSignal,
  ): Promise<{ readonly files: number; readonly bytes: number }>;
  /** What changes in a folder and below it, from the first, which says that it is watched, until the signal ends it. */
  abstract watch(path: string, signal: AbortSignal): Promise<AsyncIterable<FileChange>>;
}
