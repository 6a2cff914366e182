import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { isDiskFull } from '../agent/agent-folders.js';
import { AGENT_FOLDER, type FolderMount } from '../../domain/runtime/runtime-spec.js';

/**
 * What agents find as /Agent whose image has none: a copy in the state folder, which the engine is known to have, and which every
 * user may read, wherever and however Muster was installed.
 */
export class AgentFolder {
  private placing: Promise<void> | null = null;
  private readonly target: string;

  constructor(
    private readonly source: string | undefined,
    stateDir: string,
  ) {
    this.target = join(stateDir, 'Agent');
  }

  /** @throws RuntimeError disk-full, start-failed when it cannot be put there, unsupported when there is nothing to put there */
  async mount(): Promise<FolderMount> {
    const { source } = this;
    if (source === undefined) throw new RuntimeError('unsupported', `There is no ${AGENT_FOLDER} to mount.`);
    const placing = (this.placing ??= this.place(source));
    try {
      await placing;
    } catch (cause) {
      if (this.placing === placing) this.placing = null;
      if (isDiskFull(cause)) {
        const message = `No space is left for ${AGENT_FOLDER} on Muster's host. Make room; Muster tries again until there is some.`;
        throw new RuntimeError('disk-full', message, { cause });
      }
      // The path is in the cause, for the log alone.
      throw new RuntimeError(
        'start-failed',
        `${AGENT_FOLDER} cannot be prepared on Muster's host. Build it with: npm run build`,
        {
          cause,
        },
      );
    }
    return { source: this.target, target: AGENT_FOLDER, readOnly: true, own: false };
  }

  private async place(source: string): Promise<void> {
    await makeReadable(this.target);
    for (const entry of await readdir(source, { withFileTypes: true, recursive: true })) {
      const from = join(entry.parentPath, entry.name);
      const to = join(this.target, from.slice(source.length));
      if (entry.isDirectory()) await makeReadable(to);
      else if (entry.isFile()) await copyWhole(from, to);
    }
  }
}

async function makeReadable(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
}

/** Containers have the folder already, and another Muster may do the same: each sees the old file, or the new one. */
async function copyWhole(from: string, to: string): Promise<void> {
  const content = await readFile(from);
  const draft = join(dirname(to), `.${randomBytes(6).toString('hex')}`);
  try {
    await writeFile(draft, content, { flag: 'wx' });
    await chmod(draft, 0o444);
    await rename(draft, to);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
