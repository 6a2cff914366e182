import { rmdir, unlink } from 'node:fs/promises';
import type { ByteName } from './byte-name.js';
import { errnoOf } from './file-error.js';
import { typeOf } from './file-entry.js';
import type { PinnedFolder } from './pinned-folder.js';
import { splitLast, type Workspace } from './workspace.js';

const AT_ONCE = 64;

export interface RemoveRequest {
  readonly path: string;
  readonly recursive: boolean;
}

/** Removes a file, a link (never what it leads to), or a folder: an empty one, or with `recursive` all that is in it. */
export async function removeFile(workspace: Workspace, { path, recursive }: RemoveRequest): Promise<void> {
  const { parent, name } = splitLast(path);
  await workspace.within(parent, async (folder) => {
    if (typeOf(await folder.look(name)) !== 'folder') await unlink(folder.at(name));
    else if (recursive) await removeTree(folder, name);
    else await rmdir(folder.at(name));
  });
}

/** Removes it with all that is in it. What is gone already is fine, and so is what others remove at the same time. */
export async function removeTree(folder: PinnedFolder, name: ByteName): Promise<void> {
  try {
    await unlink(folder.at(name));
    return;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT') return;
    if (code !== 'EISDIR' && code !== 'EPERM') throw error;
  }
  const inner = await folder.folder(name);
  try {
    await empty(inner);
  } finally {
    await inner.close();
  }
  await rmdir(folder.at(name)).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}

async function empty(folder: PinnedFolder): Promise<void> {
  let names: ByteName[] = [];
  const folders: ByteName[] = [];
  const removeNames = async (): Promise<void> => {
    await Promise.all(
      names.map(async (name) => {
        const isFolder = await unlink(folder.at(name)).then(
          () => false,
          (error: unknown) => {
            if (errnoOf(error) === 'EISDIR' || errnoOf(error) === 'EPERM') return true;
            if (errnoOf(error) === 'ENOENT') return false;
            throw error;
          },
        );
        if (isFolder) folders.push(name);
      }),
    );
    names = [];
  };
  for await (const name of folder.names()) {
    names.push(name);
    if (names.length === AT_ONCE) await removeNames();
  }
  await removeNames();
  // One after the other: each level of depth is one open handle, not one for each folder beside it.
  for (const name of folders) await removeTree(folder, name);
}
