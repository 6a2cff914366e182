import { unlessUnchanged } from './fingerprint.mjs';
import { root } from './paths.mjs';
import { lastWords, run } from './run.mjs';

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
        stamp: 'node_modules/.muster-installed',
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
        const result = await run('npm', ['install', '--no-progress', '--prefer-offline', '--loglevel=error'], {
          cwd: root,
        });
        if (result.code !== 0) throw new Error(lastWords(result));
      },
    );
    step.done(installed ? 'installed' : 'already there');
  } catch (error) {
    step.fail(`npm install failed: ${error.message}`);
    throw error;
  }
}
