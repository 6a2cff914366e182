import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastWords, run } from './run.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGE = join(ROOT, 'packages/agent-server');
const BUNDLE = join(PACKAGE, 'dist/bundle');
/** What goes into the image as /Agent. */
export const AGENT_FOLDER = join(PACKAGE, 'dist/Agent');

/**
 * Makes sure that the agent server's bundle, the folder that goes into the image, is there and no older than its source; and
 * AGENT_FOLDER with it.
 *
 * @param {import('./log.mjs').Log} log
 * @returns {Promise<string>} the folder
 * @throws {Error} when it cannot be built
 */
export async function ensureAgentBundle(log) {
  const main = join(BUNDLE, 'agent-server.mjs');
  const sources = [
    ...['package.json', 'build.mjs'].map((name) => join(PACKAGE, name)),
    ...(await files(join(PACKAGE, 'src'))),
  ];
  if (
    existsSync(main) &&
    existsSync(AGENT_FOLDER) &&
    (await changedAt(main)) >= Math.max(...(await Promise.all(sources.map(changedAt))))
  )
    return BUNDLE;
  const step = log.step('bundle agent-server');
  const built = await run('npm', ['run', 'build', '--silent', '--workspace', '@muster/agent-server'], { cwd: ROOT });
  if (built.code !== 0 || !existsSync(main)) {
    const reason = built.code === 0 ? `the build left no ${main}` : lastWords(built);
    step.fail(reason);
    throw new Error(`agent-server's bundle cannot be built: ${reason}`);
  }
  step.done();
  return BUNDLE;
}

/** @returns {Promise<string>} the version the image is tagged with */
export async function agentVersion() {
  return JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8')).version;
}

/** @param {string} folder @returns {Promise<string[]>} */
async function files(folder) {
  const found = await readdir(folder, { withFileTypes: true, recursive: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** @param {string} path */
async function changedAt(path) {
  return (await stat(path)).mtimeMs;
}
