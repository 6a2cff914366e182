import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PACKAGE = join(import.meta.dirname, '../..');

/** The built program. */
export const BUNDLE = join(PACKAGE, 'dist/bundle/agent-server.mjs');

/** Builds the program when it is missing or older than its sources. */
export async function ensureBundle(): Promise<void> {
  const built = await stat(BUNDLE).catch(() => null);
  if (built !== null && built.mtimeMs >= (await newestSource())) return;
  await promisify(execFile)(process.execPath, [join(PACKAGE, 'build.mjs')]);
}

async function newestSource(): Promise<number> {
  const sources = await readdir(join(PACKAGE, 'src'), { recursive: true, withFileTypes: true });
  const files = sources.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const times = [...files, join(PACKAGE, 'build.mjs')].map(async (file) => (await stat(file)).mtimeMs);
  return Math.max(...(await Promise.all(times)));
}
