import { AgentError } from '../errors.js';
import type { AgentErrorCode } from '../protocol.js';

const MEANINGS: Readonly<Record<string, readonly [AgentErrorCode, string]>> = {
  ENOENT: ['FILE_NOT_FOUND', 'There is nothing at this path.'],
  ENOTDIR: ['FILE_CONFLICT', 'Something on the way is not a folder; links are not followed.'],
  // O_NOFOLLOW at a link.
  ELOOP: ['FILE_CONFLICT', 'There is a link on the way, and links are not followed.'],
  EISDIR: ['FILE_CONFLICT', 'It is a folder.'],
  EEXIST: ['FILE_CONFLICT', 'Something is at this path already.'],
  ENOTEMPTY: ['FILE_CONFLICT', 'The folder is not empty; ask for recursive to remove it with all that is in it.'],
  EBUSY: ['FILE_CONFLICT', 'It is in use.'],
  // Opening a pipe that nobody reads, or a socket.
  ENXIO: ['FILE_CONFLICT', 'It is no regular file.'],
  ENAMETOOLONG: ['FILE_CONFLICT', 'The name is too long for this file system.'],
  EACCES: ['FILE_NOT_PERMITTED', "The agent's own user may not do that."],
  EPERM: ['FILE_NOT_PERMITTED', "The agent's own user may not do that."],
  EROFS: ['FILE_NOT_PERMITTED', 'It is on a file system that cannot be written.'],
  ERR_ACCESS_DENIED: ['FILE_NOT_PERMITTED', 'The agent may not reach it.'],
  ENOSPC: ['DISK_FULL', 'No space is left for it; nothing of it was kept.'],
  EDQUOT: ['DISK_FULL', 'No space is left for it; nothing of it was kept.'],
  EFBIG: ['DISK_FULL', 'It is larger than the file system takes; nothing of it was kept.'],
};

/** What a failed call to the file system means for who asked; anything unheard of stays what it is. */
export function toFileError(cause: unknown): unknown {
  const code = errnoOf(cause);
  const meaning = code === undefined ? undefined : MEANINGS[code];
  return meaning === undefined ? cause : new AgentError(meaning[0], meaning[1], { cause });
}

export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
