import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How an agent can leave its folder so that Node.js cannot remove it: nested past the longest path, or locked. */
const LEFT_SO = new Set(['ENAMETOOLONG', 'EACCES', 'EPERM']);

/**
 * Removes a folder with all that is in it, whatever its owner did to keep it there; links in it are removed, never
 * followed. Only for folders that nobody uses any more. @throws what Node.js said first, when neither way works
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!LEFT_SO.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    // These tools go from folder to folder, so no path is too long for them.
    await run('chmod', ['-R', 'u+rwX', '--', path]).catch(() => undefined); // what matters is whether it can be removed
    await run('rm', ['-rf', '--', path]).catch(() => {
      throw error;
    });
  }
}
