import type { FileEntry, FileListResponse } from '../protocol.js';
import { entryOf, typeOf } from './file-entry.js';
import { ignoringGone, walk } from './walk.js';
import { namesOf, type Workspace } from './workspace.js';

export interface ListRequest {
  readonly path: string;
  readonly recursive: boolean;
  readonly limit: number;
  /** The path of the last entry of the page before; empty for the first page. */
  readonly after: string;
}

/** A page of what is in a folder; of anything else, itself. */
export async function listFiles(workspace: Workspace, request: ListRequest): Promise<FileListResponse> {
  const path = namesOf(request.path);
  const name = path.at(-1);
  if (name !== undefined) {
    const itself = await workspace.within(path.slice(0, -1), async (folder) => {
      const stats = await folder.look(name);
      return typeOf(stats) === 'folder' ? null : entryOf(folder, path.slice(0, -1), name, stats);
    });
    if (itself !== null) return { entries: [itself], more: false };
  }
  const after = request.after === '' ? [] : namesOf(request.after).slice(path.length);
  return workspace.within(path, async (folder) => {
    const entries: FileEntry[] = [];
    const { recursive, limit } = request;
    for await (const found of walk(folder, path, { recursive, batch: limit + 1, after })) {
      if (entries.length === limit) return { entries, more: true };
      const entry = await entryOf(found.folder, found.path, found.name, found.stats).catch(ignoringGone);
      if (entry !== null) entries.push(entry);
    }
    return { entries, more: false };
  });
}
