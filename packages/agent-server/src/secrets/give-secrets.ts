import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../errors.js';
import type { SecretsRequest } from '../protocol.js';

/** tmpfs, as statfs(2) tells it. */
const TMPFS_MAGIC = 0x01021994;
/** Only the agent's own user reads them, and nobody writes. */
const MODE = 0o400;

/**
 * Puts the files into the folder in place of all that is there. Each appears whole, under its name at once.
 * @throws AgentError UNSUPPORTED when the folder is not in memory: nothing is written then; DISK_FULL
 */
export async function giveSecrets(folder: string, { secrets }: SecretsRequest): Promise<void> {
  await assertInMemory(folder);
  try {
    for (const { name, value } of secrets) await put(folder, name, Buffer.from(value, 'base64'));
    const names = new Set(secrets.map(({ name }) => name));
    for (const found of await readdir(folder)) {
      if (!names.has(found)) await rm(join(folder, found), { recursive: true, force: true });
    }
  } catch (error) {
    if (codeOf(error) === 'ENOSPC') throw new AgentError('DISK_FULL', 'The folder for secrets is full.');
    throw error;
  }
}

/** Whoever made the container says so; a secret that came to lie on a disk could not be taken back from there. */
async function assertInMemory(folder: string): Promise<void> {
  const type = await statfs(folder).then(
    (found) => found.type,
    () => null,
  );
  if (type !== TMPFS_MAGIC) throw new AgentError('UNSUPPORTED', `${folder} is not a folder in memory.`);
}

async function put(folder: string, name: string, value: Buffer): Promise<void> {
  const half = join(folder, `.${randomBytes(8).toString('hex')}`);
  const file = await open(half, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, MODE);
  try {
    await file.writeFile(value);
  } finally {
    await file.close();
  }
  const path = join(folder, name);
  await rename(half, path).catch(async (error: unknown) => {
    // A program of the agent's has made a folder of that name.
    if (codeOf(error) !== 'EISDIR') throw error;
    await rm(path, { recursive: true, force: true });
    await rename(half, path);
  });
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
