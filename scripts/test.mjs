#!/usr/bin/env node
/**
 * `npm test`: installs what is missing and runs everything: types, lint, rooms, and every Jest project.
 *
 *     npm test                          all of it
 *     npm test -- e2e integration       only these Jest projects
 *     npm test -- unit -- src/domain    only these files of them
 *     npm run test:soak                 the long ones, which are no part of `npm test`
 *     npm run test:engines              the whole contract of runtimes on gVisor and Podman, of which `npm test` runs a part
 *
 * MUSTER_TEST_WORKERS=2     so many suites at once (1); tests of outages can miss their time then
 * MUSTER_NO_PROVISION=1     installs and starts no container engine; tests that need one are counted as skipped
 * MUSTER_REQUIRE_ENGINE=1   an engine test that was skipped is a failure
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureAgentImage } from './lib/agent-image.mjs';
import { build } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { findEngine } from './lib/engine.mjs';
import { createLog } from './lib/log.mjs';
import { fromRoot, root } from './lib/paths.mjs';
import { provisionEngine } from './lib/provision-engine.mjs';
import { run } from './lib/run.mjs';
import { prepareTestEngines } from './lib/test-engines.mjs';
import { ensureTestImages } from './lib/test-images.mjs';

/** Not part of `npm test`. */
const LONG_PROJECTS = ['soak', 'engines'];
/** They use other engines too, where there are any. */
const ENGINE_PROJECTS = ['contract', 'engines', 'e2e'];

const log = createLog();
const [projects, files] = selection(process.argv.slice(2));
const everything = projects.length === 0;
const totals = { passed: 0, failed: 0, skipped: 0 };

await ensureDependencies(log);
await build(log);
const engine = await prepareEngine();
const others = await prepareOthers(engine);

if (everything) {
  await check('types', 'typescript/bin/tsc', ['-p', 'tsconfig.json', '--noEmit']);
  await check('lint', 'eslint/bin/eslint.js', ['.', '--max-warnings', '0']);
  await check('layout', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']);
  await check('rooms', 'dependency-cruiser/bin/dependency-cruise.mjs', [
    '--config',
    '.dependency-cruiser.cjs',
    'src',
    'packages',
  ]);
}
try {
  // One Jest for each: what a suite loads stays in Jest's memory, and two hundred of them in one process are too much for it.
  for (const project of everything ? await usualProjects() : projects) await jest(project);
} finally {
  await others.stop();
}

for (const { title, missing } of others.engines) {
  if (missing) log.warn(`The contract of runtimes was not tested on ${title}: ${missing}.`);
}
if (!engine) {
  log.warn(`No container engine was used, so the tests that need one were skipped: ${totals.skipped} in all.`);
  if (process.env.MUSTER_REQUIRE_ENGINE === '1') totals.failed += 1;
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;

/** @param {string[]} args */
function selection(args) {
  const cut = args.indexOf('--');
  return cut < 0 ? [args, []] : [args.slice(0, cut), args.slice(cut + 1)];
}

/** Finds an engine, or installs and starts one; makes the images the tests use. */
async function prepareEngine() {
  let found = await findEngine();
  if (!found.host) found = await provisionEngine({ log });
  if (!found.host) {
    log.warn(`No container engine: ${found.reason}`);
    return undefined;
  }
  let image, busybox;
  try {
    ({ latest: image } = await ensureAgentImage({ host: found.host, log }));
    ({ busybox } = await ensureTestImages({ host: found.host, log }));
  } catch (error) {
    log.warn(`The engine answers, but has not the images the tests need: ${error.message}`);
    return undefined;
  }
  process.env.MUSTER_TEST_DOCKER_HOST = found.host;
  return { host: found.host, images: [image, busybox] };
}

/** Other engines, for the projects that use them. @param {Awaited<ReturnType<typeof prepareEngine>>} engine */
async function prepareOthers(engine) {
  const used = everything || projects.some((project) => ENGINE_PROJECTS.includes(project));
  if (!engine || !used) return { engines: [], stop: async () => {} };
  const prepared = await prepareTestEngines({ ...engine, log });
  process.env.MUSTER_TEST_ENGINES = JSON.stringify(prepared.engines);
  return prepared;
}

/** Runs one checker; it counts as one test. @param {string} name @param {string} bin @param {string[]} args */
async function check(name, bin, args) {
  const step = log.step(name);
  const result = await run(process.execPath, [fromRoot(`node_modules/${bin}`), ...args], { cwd: root });
  if (result.code === 0) {
    totals.passed += 1;
    step.done();
  } else {
    totals.failed += 1;
    step.fail();
    process.stdout.write(`${result.stdout}${result.stderr}`);
  }
}

/** In the order of jest.config.js. */
async function usualProjects() {
  const { default: config } = await import('../jest.config.js');
  return config.projects.map(({ displayName }) => displayName).filter((name) => !LONG_PROJECTS.includes(name));
}

/** @param {string} project */
async function jest(project) {
  const folder = await mkdtemp(join(tmpdir(), 'muster-test-'));
  const report = join(folder, 'jest.json');
  try {
    await new Promise((resolve) => {
      const child = spawn(
        process.execPath,
        [
          '--experimental-vm-modules',
          '--disable-warning=ExperimentalWarning',
          `--import=${pathToFileURL(fromRoot('test/support/tell-what-is-open.mjs'))}`,
          fromRoot('node_modules/jest/bin/jest.js'),
          '--ci',
          '--json',
          `--outputFile=${report}`,
          '--passWithNoTests',
          `--maxWorkers=${process.env.MUSTER_TEST_WORKERS ?? 1}`,
          '--selectProjects',
          project,
          ...(files.length > 0 ? ['--', ...files] : []),
        ],
        // Jest prints its report to stderr, and with --json the same again to stdout.
        { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
      );
      // The report is written when all is done: a Jest that stays after that is held by something a test left open.
      let limit;
      const watch = setInterval(() => {
        if (!existsSync(report)) return;
        clearInterval(watch);
        limit = setTimeout(() => {
          log.warn('Jest did not end by itself: a test left something open. That counts as a failure.');
          totals.failed += 1;
          child.kill('SIGUSR2');
          limit = setTimeout(() => child.kill('SIGKILL'), 2_000);
        }, 20_000);
      }, 1_000);
      child.once('close', (code) => {
        clearInterval(watch);
        clearTimeout(limit);
        resolve(code);
      });
    });
    const result = JSON.parse(await readFile(report, 'utf8'));
    totals.passed += result.numPassedTests;
    // A suite that could not even be loaded has no failed test of its own.
    totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
    totals.skipped += result.numPendingTests + result.numTodoTests;
  } catch (error) {
    totals.failed += 1;
    log.warn(`Jest left no report of ${project}: ${error.message}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
