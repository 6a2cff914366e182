import { randomBytes } from 'node:crypto';
import { mkdir, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { toBytes, type ByteName } from './byte-name.js';
import { errnoOf } from './file-error.js';
import type { PinnedFolder } from './pinned-folder.js';
import { removeTree } from './remove-file.js';
import { ignoringGone } from './walk.js';
import { STAGING, type Workspace } from './workspace.js';

const OWNER_ONLY = 0o700;
/** The staging folder goes with the last upload that was in it, which may be just before the next one wants it. */
const ATTEMPTS = 5;

/** A container keeps its host name over its restarts, and no other has it. */
const OWN: ByteName = `${toBytes(hostname())}.`;

/**
 * Has `use` put something together in a folder of its own, in the workspace's file system but outside of what is shown,
 * so that moving it to its place is a rename. Whatever is left in it afterwards goes, so what fails leaves nothing.
 */
export async function staged<T>(workspace: Workspace, use: (folder: PinnedFolder) => Promise<T>): Promise<T> {
  const root = await workspace.open();
  try {
    const { uploads, name } = await makeFolder(root);
    try {
      const folder = await uploads.folder(name);
      try {
        return await use(folder);
      } finally {
        await folder.close();
      }
    } finally {
      await removeTree(uploads, name);
      await uploads.close();
      await rmdir(root.at(STAGING)).catch(unlessInUse);
    }
  } finally {
    await root.close();
  }
}

/** Removes what uploads of this container left that a kill cut short. Before it serves any: others' may be under way. */
export async function clearStaging(workspace: Workspace): Promise<void> {
  const root = await workspace.open();
  try {
    const uploads = await root.folder(STAGING).catch(ignoringGone);
    if (uploads === null) return;
    try {
      for await (const name of uploads.names()) if (name.startsWith(OWN)) await removeTree(uploads, name);
    } finally {
      await uploads.close();
    }
    await rmdir(root.at(STAGING)).catch(unlessInUse);
  } finally {
    await root.close();
  }
}

async function makeFolder(root: PinnedFolder): Promise<{ uploads: PinnedFolder; name: ByteName }> {
  const name = `${OWN}${randomBytes(8).toString('hex')}`;
  for (let attempt = 1; ; attempt++) {
    let uploads: PinnedFolder | undefined;
    try {
      await mkdir(root.at(STAGING), { mode: OWNER_ONLY }).catch(unlessThere);
      uploads = await root.folder(STAGING);
      await mkdir(uploads.at(name), { mode: OWNER_ONLY });
      return { uploads, name };
    } catch (error) {
      await uploads?.close();
      if (errnoOf(error) !== 'ENOENT' || attempt === ATTEMPTS) throw error;
    }
  }
}

function unlessThere(error: unknown): void {
  if (errnoOf(error) !== 'EEXIST') throw error;
}

function unlessInUse(error: unknown): void {
  if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errnoOf(error) ?? '')) throw error;
}
