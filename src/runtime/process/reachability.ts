import { constants } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Whether a user may enter every folder above a file and read it. ACLs are not looked at: when in doubt the answer is no. */
export async function canRead(uid: number, file: string): Promise<boolean> {
  if (!(await permits(uid, file, constants.S_IROTH))) return false;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (!(await permits(uid, folder, constants.S_IXOTH))) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** Owner, group and others have the same three bits, six, three and no places to the left. */
async function permits(uid: number, path: string, right: number): Promise<boolean> {
  const stats = await stat(path).catch(() => null);
  if (stats === null) return false;
  const shift = stats.uid === uid ? 6 : stats.gid === uid ? 3 : 0;
  return (stats.mode & (right << shift)) !== 0;
}
