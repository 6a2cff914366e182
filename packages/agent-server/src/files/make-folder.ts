import { mkdir } from 'node:fs/promises';
import { AgentError } from '../errors.js';
import { errnoOf } from './file-error.js';
import { namesOf, type Workspace } from './workspace.js';

const FOLDER_MODE = 0o755;

/** Makes a folder and those on the way to it. @returns whether there was one to make */
export async function makeFolder(workspace: Workspace, path: string): Promise<boolean> {
  const names = namesOf(path);
  let made = false;
  for (const [depth, name] of names.entries()) {
    await workspace.within(names.slice(0, depth), async (folder) => {
      try {
        await mkdir(folder.at(name), { mode: FOLDER_MODE });
        made = true;
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error;
        made = false;
        if (!(await folder.look(name)).isDirectory()) {
          throw new AgentError('FILE_CONFLICT', 'Something that is no folder is at this path, or on the way to it.');
        }
      }
    });
  }
  return made;
}
