import { AgentError } from '../errors.js';
import { toBytes, type ByteName } from './byte-name.js';
import { PinnedFolder } from './pinned-folder.js';

const LONGEST_PATH = 4096;
/** Each level is a handle while it is walked through. */
export const DEEPEST = 64;

/** Where uploads are put together before they are moved to their place. Not shown, and gone when nothing is uploaded. */
export const STAGING: ByteName = '.muster-uploads';

/** The folder that is served, by names relative to it. */
export class Workspace {
  constructor(private readonly root: string) {}

  async open(): Promise<PinnedFolder> {
    return PinnedFolder.openRoot(this.root);
  }

  /** A folder, to be closed by who asked for it. Every folder on the way is entered without following a link. */
  async pinned(path: readonly ByteName[]): Promise<PinnedFolder> {
    let folder = await this.open();
    try {
      for (const name of path) {
        const next = await folder.folder(name);
        await folder.close();
        folder = next;
      }
      return folder;
    } catch (error) {
      await folder.close();
      throw error;
    }
  }

  /** Has `use` work in a folder, which is closed afterwards. */
  async within<T>(path: readonly ByteName[], use: (folder: PinnedFolder) => Promise<T>): Promise<T> {
    const folder = await this.pinned(path);
    try {
      return await use(folder);
    } finally {
      await folder.close();
    }
  }
}

/** The names on the way to a path, which is relative to the workspace. @throws AgentError VALIDATION_FAILED */
export function namesOf(path: string): ByteName[] {
  const bytes = toBytes(path);
  if (bytes.length > LONGEST_PATH || bytes.includes('\0')) throw invalid();
  const names = bytes.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..') || names.length > DEEPEST || names[0] === STAGING) throw invalid();
  return names;
}

/** The folder of a path, and the name in it. @throws AgentError VALIDATION_FAILED for the workspace itself */
export function splitLast(path: string): { parent: ByteName[]; name: ByteName } {
  const names = namesOf(path);
  const name = names.pop();
  if (name === undefined) throw new AgentError('VALIDATION_FAILED', 'The workspace itself cannot be changed.');
  return { parent: names, name };
}

const invalid = (): AgentError =>
  new AgentError(
    'VALIDATION_FAILED',
    `A path has at most ${LONGEST_PATH} bytes and ${DEEPEST} names, none of them "..", and is not that of the staging folder.`,
  );
