import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGuard } from './guard.mjs';
import { fromRoot, root } from './paths.mjs';

/** How Muster's own words begin when it cannot start. */
const REFUSAL = 'Muster did not start:';

/**
 * Starts the API as a process of its own and waits until it is ready. It ends with this process, however that ends.
 *
 * @param {object} options
 * @param {string} options.dataDir
 * @param {number} options.port
 * @param {NodeJS.ProcessEnv} [options.base] this process's own unless given
 * @param {Record<string, string>} [options.env] added to that
 * @param {string} [options.cwd] whose .env is read; the root unless given
 * @param {(line: string) => void} [options.onProgress] sees what Muster says
 * @param {(stop: () => Promise<void>) => void} [options.onSpawned] told how to stop it, before it is ready
 * @param {number} [options.readyWithinMs]
 * @returns {Promise<{
 *   url: string,
 *   pid: number,
 *   ready: any,
 *   stop: () => Promise<void>,
 *   exited: Promise<number | null>,
 *   stopFirst: import('./guard.mjs').Guard['stopFirst'],
 * }>}
 * @throws {Error} with what it said last when it does not become ready
 */
export async function startMuster({
  dataDir,
  port,
  base = process.env,
  env = {},
  cwd = root,
  onProgress = () => {},
  onSpawned = () => {},
  readyWithinMs = 170_000,
}) {
  const logFile = join(dataDir, 'muster.log');
  // Without one where the folder is of no use: Muster itself says what is wrong with it.
  const log = await openLog(logFile).catch(() => undefined);
  const child = spawn(
    process.execPath,
    ['--min-semi-space-size=8', '--max-semi-space-size=8', '--enable-source-maps', fromRoot('dist/main.js')],
    {
      cwd,
      // As `npm start` has it.
      env: { MALLOC_ARENA_MAX: '2', ...base, HOST: '127.0.0.1', PORT: String(port), DATA_DIR: dataDir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C in the terminal goes to the whole foreground group; the demo stops the agents first, and Muster after that.
      detached: true,
    },
  );
  const guard = startGuard({ pid: child.pid, dataDir }, log?.fd);
  const toLog = log?.createWriteStream();
  /** @type {string[]} */
  const said = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      toLog?.write(text);
      for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
        const message = messageOf(line);
        said.push(message);
        onProgress(message);
      }
      said.splice(0, said.length - 15);
    });
  }
  /** @type {Promise<number | null>} */
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  let gone = false;
  void exited.then(() => {
    gone = true;
    guard.dismiss();
  });

  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    if (!gone) child.kill('SIGTERM');
    await Promise.race([exited, sleep(20_000, undefined, { ref: false })]);
    if (!gone) child.kill('SIGKILL');
    await exited;
    toLog?.end();
  };
  onSpawned(stop);
  const deadline = Date.now() + readyWithinMs;
  let ready;
  while (ready === undefined) {
    if (gone || Date.now() > deadline) {
      const why = gone ? 'ended' : 'did not get ready';
      await stop();
      // Where it says itself why it did not start, nothing else is wanted.
      const explained = said.findIndex((line) => line.startsWith(REFUSAL));
      if (explained >= 0) throw new Error(said.slice(explained).join('\n'));
      throw new Error(`Muster ${why}. The end of ${logFile}:\n  ${said.join('\n  ')}`);
    }
    ready = await fetch(`${url}/readyz`)
      .then(async (response) => (response.ok ? await response.json() : undefined))
      .catch(() => undefined);
    if (ready === undefined) await sleep(100);
  }
  return {
    url,
    pid: child.pid,
    ready,
    stop,
    exited,
    stopFirst: guard.stopFirst,
  };
}

/** @param {string} file @returns {Promise<import('node:fs/promises').FileHandle>} */
async function openLog(file) {
  await makeFolder(dirname(file));
  return open(file, 'a');
}

/** Level by level: Node's own recursive mkdir never returns where a file system takes no folders. @param {string} path */
async function makeFolder(path) {
  const make = () =>
    mkdir(path, 0o700).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  await make().catch(async (error) => {
    if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await make();
  });
}

/**
 * @param {number} wanted
 * @returns {Promise<number>} the port, or a free one when something else listens there
 */
export function freePort(wanted) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (wanted === 0 ? reject(error) : resolve(freePort(0))));
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** @param {string} line one line of pino's, or plain text */
function messageOf(line) {
  try {
    const { msg, err } = JSON.parse(line);
    return err?.message ? `${msg}: ${err.message}` : String(msg);
  } catch {
    return line;
  }
}
