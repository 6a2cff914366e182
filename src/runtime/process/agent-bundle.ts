import { createHash, randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { canRead } from './reachability.js';

/** The agent-server program, as it is now. */
export interface AgentBundle {
  /** What this runtime has in place of an image id. */
  readonly image: string;
  readonly digest: string;
  readonly content: Buffer;
}

/** @throws RuntimeError image-missing */
export async function readAgentBundle(path: string): Promise<AgentBundle> {
  const content = await readFile(path).catch((cause: unknown) => {
    throw new RuntimeError('image-missing', `There is no agent-server at ${path}. Build it with: npm run build`, {
      cause,
    });
  });
  const digest = createHash('sha256').update(content).digest('hex');
  return { image: `process:sha256:${digest}`, digest, content };
}

/**
 * Puts a copy of the program where the agents' user can read it, named by its digest, so that a running agent keeps the
 * program it was started with. That is the state folder, unless it lies below a folder closed to that user, such as
 * root's home; then it is the machine's folder for temporary files.
 *
 * @returns the path of the copy
 */
export async function placeAgentBundle(bundle: AgentBundle, stateDir: string, uid: number): Promise<string> {
  const candidates = [stateDir, tmpdir()].map((folder) =>
    join(folder, `muster-agent-server-${bundle.digest.slice(0, 16)}`),
  );
  // Somebody else may have taken the name in the folder that all may write to.
  candidates.push(join(tmpdir(), `muster-agent-server-${randomBytes(8).toString('hex')}`));
  for (const folder of candidates) {
    const file = await placeIn(folder, bundle, basename(stateDir)).catch(() => null);
    if (file !== null && (await canRead(uid, file))) return file;
  }
  throw new RuntimeError('start-failed', `User ${uid} cannot be given the agent-server program to read.`);
}

/** null when the folder is there and not ours. */
async function placeIn(folder: string, bundle: AgentBundle, owner: string): Promise<string | null> {
  const file = join(folder, 'agent-server.mjs');
  if (await isOurs(folder)) {
    const present = await readFile(file).catch(() => null);
    if (present?.equals(bundle.content) === true) return file;
    await rm(folder, { recursive: true, force: true });
  }
  const draft = `${folder}.${owner}-${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(draft, { mode: 0o700 });
    await writeFile(join(draft, 'agent-server.mjs'), bundle.content, { flag: 'wx' });
    await chmod(join(draft, 'agent-server.mjs'), 0o444);
    await chmod(draft, 0o755);
    await rename(draft, folder);
    return file;
  } catch {
    await rm(draft, { recursive: true, force: true });
    // Another Muster process may have been quicker with the same.
    const present = (await isOurs(folder)) ? await readFile(file).catch(() => null) : null;
    return present?.equals(bundle.content) === true ? file : null;
  }
}

async function isOurs(folder: string): Promise<boolean> {
  const stats = await lstat(folder).catch(() => null);
  return stats?.isDirectory() === true && stats.uid === process.getuid?.() && (stats.mode & 0o022) === 0;
}
