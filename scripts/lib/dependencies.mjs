import { existsSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { unlessUnchanged } from './fingerprint.mjs';
import { isAlive } from './is-alive.mjs';
import { fromRoot, root } from './paths.mjs';
import { lastWords, run } from './run.mjs';

const STAMP = 'node_modules/.muster-installed';
/** Holds the process id of who installs, npm's as soon as it runs; it stays where an install was cut off. */
const UNDER_WAY = 'node_modules/.muster-installing';

/**
 * Installs the npm packages unless they are there as the lock file names them.
 *
 * `npm install` rather than `npm ci`: a lock file made behind a proxy that holds back other platforms' binaries lacks
 * them, and `npm ci` refuses such a file.
 *
 * @param {import('./log.mjs').Log} log
 * @returns {Promise<void>}
 */
export async function ensureDependencies(log) {
  const step = log.step('dependencies');
  try {
    const installed = await unlessUnchanged(
      {
        stamp: STAMP,
        inputs: [
          'package-lock.json',
          'package.json',
          'packages/agent-server/package.json',
          'packages/documentdb-server/package.json',
        ],
        outputs: ['node_modules/.package-lock.json'],
      },
      async () => {
        step.progress('npm install');
        await clearWhatWasCutOff(step);
        await mkdir(fromRoot('node_modules'), { recursive: true });
        await writeFile(fromRoot(UNDER_WAY), String(process.pid));
        const result = await run('npm', ['install', '--no-progress', '--prefer-offline', '--loglevel=error'], {
          cwd: root,
          // npm goes on where this process is killed, and the next one waits for it.
          onSpawned: (pid) => writeFileSync(fromRoot(UNDER_WAY), String(pid)),
        });
        if (result.code !== 0) throw new Error(complaint(result));
        await rm(fromRoot(UNDER_WAY));
      },
    );
    step.done(installed ? 'installed' : 'already there');
  } catch (error) {
    step.fail();
    throw new Error(`npm install failed: ${error.message}`, { cause: error });
  }
}

/**
 * After an install that was cut off npm takes half a package for a whole one, so everything is installed anew. One that
 * still runs is waited for.
 *
 * @param {import('./log.mjs').Step} step
 */
async function clearWhatWasCutOff(step) {
  while (existsSync(fromRoot(UNDER_WAY))) {
    if (!isAlive(Number(await readFile(fromRoot(UNDER_WAY), 'utf8').catch(() => 0)))) {
      step.progress('removing what an interrupted install left');
      await rm(fromRoot('node_modules'), { recursive: true, force: true, maxRetries: 3 });
      return;
    }
    step.progress('waiting for another install in this folder');
    await sleep(250);
  }
}

/** What npm says of a failure, without its prefix. @param {import('./run.mjs').RunResult} result */
function complaint(result) {
  const lines = result.stderr
    .split('\n')
    .filter((line) => line.startsWith('npm error'))
    .map((line) => line.slice('npm error '.length).trimEnd())
    // Some are nothing but a code, between two paragraphs.
    .filter((line) => line.includes(' '));
  return lines.length > 0 ? lines.join('\n  ') : lastWords(result);
}
