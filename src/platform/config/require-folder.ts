import { mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomainError } from '../../domain/errors/domain-error.js';
import { hasErrno } from '../has-errno.js';

const OWN = 0o700;

/**
 * Makes a folder that is configured, unless it is there, and sees whether files can be made in it.
 * @param variable the variable that names it
 * @param path absolute
 * @throws DomainError CONFIGURATION_INVALID, with what is in the way
 */
export async function requireFolder(variable: string, path: string): Promise<void> {
  try {
    await make(path);
    await rmdir(await mkdtemp(join(path, '.probe-')));
  } catch (cause) {
    throw new DomainError('CONFIGURATION_INVALID', 'The configuration has faults.', {
      faults: [{ pointer: variable, detail: `${path} cannot be used: ${obstacle(cause)}` }],
      cause,
    });
  }
}

/** Level by level: Node's own recursive mkdir never returns where a file system takes no folders, such as /proc. */
async function make(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT') || dirname(path) === path) throw error;
    await make(dirname(path));
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, OWN);
  } catch (error) {
    // Some file systems answer with what is wrong with writing before they look whether it is there.
    if (hasErrno(error, 'ENOENT') || !(await isFolder(path))) throw error;
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

function obstacle(error: unknown): string {
  const said = [
    { codes: ['EEXIST', 'ENOTDIR'], text: 'there is a file of that name, or on the way to it; name a folder' },
    { codes: ['EACCES', 'EPERM'], text: 'this user may not write there; give it the right to, or name another folder' },
    { codes: ['EROFS'], text: 'what is mounted there is read-only; name another folder' },
    { codes: ['ENOENT'], text: 'what is mounted there takes no folders; name another one' },
    { codes: ['ENOSPC', 'EDQUOT'], text: 'the disk is full; make room on it, or name another folder' },
  ].find(({ codes }) => codes.some((code) => hasErrno(error, code)));
  return said?.text ?? String(error);
}
