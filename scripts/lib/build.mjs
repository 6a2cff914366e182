import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessUnchanged } from './fingerprint.mjs';
import { fromRoot, root } from './paths.mjs';
import { lastWords, run } from './run.mjs';

const TSC = fromRoot('node_modules/typescript/bin/tsc');
const SHARED = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** What is built. */
const PACKAGES = [
  {
    name: 'documentdb-server',
    stamp: 'packages/documentdb-server/dist/.built',
    inputs: ['packages/documentdb-server', ...SHARED],
    outputs: ['packages/documentdb-server/dist/index.js'],
    work: () => compile('packages/documentdb-server'),
  },
  {
    name: 'agent-server',
    stamp: 'packages/agent-server/dist/.built',
    inputs: ['packages/agent-server', ...SHARED],
    outputs: [
      'packages/agent-server/dist/bundle/agent-server.mjs',
      'packages/agent-server/dist/Agent/client/AgentMcpClient.mjs',
      'packages/agent-server/dist/index.js',
    ],
    work: () => must(run('npm', ['run', '--silent', 'build', '-w', '@muster/agent-server'], { cwd: root })),
  },
];

/** Compiles against the packages' declarations. */
const API = [
  {
    name: 'api',
    stamp: 'dist/.built',
    inputs: ['src', 'packages/agent-server/src/protocol.ts', 'packages/documentdb-server/src', ...SHARED],
    outputs: ['dist/main.js'],
    work: () => compile('.'),
  },
];

/**
 * Builds what changed since the last build.
 *
 * @param {import('./log.mjs').Log} log
 * @returns {Promise<void>}
 */
export async function build(log) {
  const step = log.step('build');
  const built = [];
  try {
    for (const parts of [PACKAGES, API]) {
      step.progress(parts.map(({ name }) => name).join(', '));
      await Promise.all(
        parts.map(async ({ name, work, ...what }) => {
          if (await unlessUnchanged(what, work)) built.push(name);
        }),
      );
    }
    step.done(built.length === 0 ? 'up to date' : built.join(', '));
  } catch (error) {
    step.fail(error.message);
    throw error;
  }
}

/** @param {string} folder one with a tsconfig.build.json */
async function compile(folder) {
  await rm(join(root, folder, 'dist'), { recursive: true, force: true });
  await must(run(process.execPath, [TSC, '-p', join(folder, 'tsconfig.build.json')], { cwd: root }));
}

/** @param {Promise<import('./run.mjs').RunResult>} running */
async function must(running) {
  const result = await running;
  if (result.code !== 0) throw new Error(`${result.stdout}${result.stderr}`.trim() || lastWords(result));
}
