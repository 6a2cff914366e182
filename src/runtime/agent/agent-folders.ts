import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../domain/runtime/runtime-spec.js';
import { SOCKET_NAME } from './agent-protocol.js';

/** Only the agent's user may look into its private folder. */
export const PRIVATE_MODE = 0o700;
const WORKSPACE_MODE = 0o750;

/** The user the agents run as: Muster's own, but never root. */
export function agentUid(): number {
  const own = process.getuid?.() ?? 0;
  return own === 0 ? 1000 : own;
}

/**
 * Makes the folders of an agent where they are missing.
 *
 * @throws RuntimeError disk-full, refused when one of the paths is no folder
 */
export async function prepareAgentFolders(
  spec: Pick<RuntimeSpec, 'privateFolder' | 'workspaceFolder' | 'mounts'>,
  uid: number,
): Promise<void> {
  await prepareFolder(spec.privateFolder, uid, PRIVATE_MODE);
  await prepareFolder(spec.workspaceFolder, uid, WORKSPACE_MODE);
  const mounts = spec.mounts ?? [];
  for (const { source, own } of mounts) if (own) await prepareFolder(source, uid, WORKSPACE_MODE);
  for (const above of mounts) {
    const below = above.own ? mounts.filter(({ target }) => dirname(target) === above.target) : [];
    for (const { target } of below) await makePlace(join(above.source, basename(target)));
  }
}

/** The engine could not make it where the folder above is mounted read-only. What the agent has put there, a link too, is left alone. */
async function makePlace(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o755 }).catch(ignoring('EEXIST'));
  } catch (cause) {
    throw unprepared(cause);
  }
}

/**
 * Clears away the socket of the container that used the folder before; a link that it may have left there is removed, not
 * followed. Only for who has just made the one container that may use the folder now.
 */
export async function clearAgentSocket(privateFolder: string): Promise<void> {
  const path = join(privateFolder, SOCKET_NAME);
  try {
    await unlink(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    // A folder, of any size and depth: it is put aside, and goes when the agent's folder does.
    if (code !== 'EISDIR' && code !== 'EPERM') throw error;
    await rename(path, `${path}.${randomUUID()}`);
  }
}

/** The folder itself lies where only Muster can write, so its owner and mode are set on what was really opened. */
export async function prepareFolder(path: string, uid: number, mode: number): Promise<void> {
  try {
    await makeAbove(dirname(path));
    await mkdir(path, { mode }).catch(ignoring('EEXIST'));
    const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      const stats = await folder.stat();
      if (stats.uid !== uid) await folder.chown(uid, uid);
      if ((stats.mode & 0o777) !== mode) await folder.chmod(mode);
    } finally {
      await folder.close();
    }
  } catch (cause) {
    throw unprepared(cause);
  }
}

/** Not by `recursive`, which tells a full disk as ENOENT in Node.js 20. */
async function makeAbove(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o755 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT') throw error;
    await makeAbove(dirname(path));
    await mkdir(path, { mode: 0o755 }).catch(ignoring('EEXIST'));
  }
}

/** Whether it is for want of space. */
export const isDiskFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

function unprepared(cause: unknown): RuntimeError {
  const { code } = cause as NodeJS.ErrnoException;
  const full = isDiskFull(cause);
  // The path is in the cause, for the log alone: it tells of Muster's host, and this is shown to tenants.
  const message = full
    ? "No space is left for the agent's folders on Muster's host. Make room; Muster tries again until there is some."
    : `The agent's folders on Muster's host cannot be prepared (${code ?? 'unknown reason'}). Muster's log names them.`;
  return new RuntimeError(full ? 'disk-full' : 'create-failed', message, { cause });
}

function ignoring(code: string): (error: unknown) => void {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  };
}
