import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { StoredArchive } from '../../domain/agent-snapshots/agent-snapshot.js';
import { ArchiveStore } from '../../domain/agent-snapshots/archive-store.js';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { AgentSnapshotId } from '../../domain/ids.js';
import type { ByteStream } from '../../domain/runtime/agent-files.js';
import { Configuration } from '../config/configuration.js';
import { hasErrno } from '../has-errno.js';

const PIECE_BYTES = 1024 * 1024;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** `<id>.tar` in SNAPSHOTS_DIR, for Muster's eyes alone; `<id>.tar.part` while it is written. */
@Injectable()
export class FileArchiveStore extends ArchiveStore {
  private readonly folder: string;

  constructor({ snapshotsDir }: Pick<Configuration, 'snapshotsDir'>) {
    super();
    this.folder = snapshotsDir;
  }

  async write(id: AgentSnapshotId, bytes: ByteStream, maxBytes: number): Promise<StoredArchive> {
    const part = `${this.pathOf(id)}.part`;
    try {
      await mkdir(this.folder, { recursive: true, mode: FOLDER_MODE });
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
      const file = await open(part, flags, FILE_MODE);
      let stored: StoredArchive;
      try {
        stored = await writeAll(file, bytes, maxBytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, this.pathOf(id));
      await syncFolder(dirname(part));
      return stored;
    } catch (error) {
      await removeFile(part).catch(() => undefined); // the first error says more, and the sweep tries again
      if (hasErrno(error, 'ENOSPC', 'EDQUOT')) throw full(error);
      throw error;
    }
  }

  async read(id: AgentSnapshotId, archive: StoredArchive): Promise<ByteStream> {
    // Here, so that what is not there is told before the first byte is awaited. Nothing is left open for who never reads.
    await (await this.openWhole(id, archive)).close();
    return this.verified(id, archive);
  }

  async verify(id: AgentSnapshotId, archive: StoredArchive): Promise<void> {
    const pieces = (await this.read(id, archive))[Symbol.asyncIterator]();
    while ((await pieces.next()).done !== true);
  }

  async remove(id: AgentSnapshotId): Promise<void> {
    await removeFile(this.pathOf(id));
    await removeFile(`${this.pathOf(id)}.part`);
  }

  private async *verified(id: AgentSnapshotId, archive: StoredArchive): AsyncGenerator<Buffer> {
    const file = await this.openWhole(id, archive);
    const hash = createHash('sha256');
    try {
      let held: Buffer | null = null;
      for (let at = 0; at < archive.bytes;) {
        const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, archive.bytes - at));
        const { bytesRead } = await file.read(piece, 0, piece.length, at);
        if (bytesRead === 0) throw damaged(id, 'its archive was cut short');
        if (held !== null) yield held;
        held = piece.subarray(0, bytesRead);
        hash.update(held);
        at += bytesRead;
      }
      if (hash.digest('hex') !== archive.sha256) throw damaged(id, 'its archive is not the one that was written');
      if (held !== null) yield held;
    } finally {
      await file.close();
    }
  }

  private pathOf(id: AgentSnapshotId): string {
    return join(this.folder, `${id}.tar`);
  }

  private async openWhole(id: AgentSnapshotId, { bytes }: StoredArchive): Promise<FileHandle> {
    let file: FileHandle;
    try {
      file = await open(this.pathOf(id), constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (cause) {
      if (hasErrno(cause, 'ENOENT', 'ELOOP')) throw damaged(id, 'its archive is not there', cause);
      throw cause;
    }
    const stats = await file.stat();
    if (stats.isFile() && stats.size === bytes) return file;
    await file.close();
    throw damaged(id, 'its archive is of another size');
  }
}

/** What is nothing but zeros becomes a hole, so that a sparse file takes no more of the disk here than it did there. */
async function writeAll(file: FileHandle, source: ByteStream, maxBytes: number): Promise<StoredArchive> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of source) {
    if (bytes + piece.length > maxBytes) throw tooLarge(maxBytes);
    hash.update(piece);
    if (!isZero(piece)) await writeAt(file, piece, bytes);
    bytes += piece.length;
  }
  await file.truncate(bytes);
  return { sha256: hash.digest('hex'), bytes };
}

async function writeAt(file: FileHandle, piece: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < piece.length;) {
    done += (await file.write(piece, done, piece.length - done, position + done)).bytesWritten;
  }
}

function isZero(piece: Uint8Array): boolean {
  const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  return bytes.length > 0 && bytes[0] === 0 && bytes.compare(bytes, 1, bytes.length, 0, bytes.length - 1) === 0;
}

/** A new name outlives a loss of power once its folder is written too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!hasErrno(error, 'ENOENT')) throw error;
  });
}

const full = (cause: unknown): DomainError =>
  new DomainError('WORKSPACE_UNAVAILABLE', 'No space is left where Muster keeps snapshots. Nothing of it was kept.', {
    cause,
    details: { reason: (cause as NodeJS.ErrnoException).code ?? null },
  });

const tooLarge = (maxBytes: number): DomainError =>
  new DomainError('BODY_TOO_LARGE', `A snapshot's archive has at most ${maxBytes} bytes (SNAPSHOT_MAX_BYTES).`, {
    details: { maxBytes },
  });

const damaged = (id: AgentSnapshotId, why: string, cause?: unknown): DomainError =>
  new DomainError('SNAPSHOT_DAMAGED', `Snapshot ${id} cannot be used: ${why}. Take another one.`, {
    cause,
    details: { snapshotId: id },
  });
