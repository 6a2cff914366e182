#!/usr/bin/env node
/**
 * `npm run bench`: each scenario runs Muster and its limit by turns, and prints the ratio.
 *
 *     npm run bench                       all scenarios
 *     npm run bench -- --only starts      only those whose name holds the word
 *     npm run bench -- --rounds 9         more rounds (5 unless told)
 *
 * The figures go to bench/results/<time>.json too. A figure that is missed is shown, not hidden, and ends with exit code 1.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureAgentImage } from './lib/agent-image.mjs';
import { build } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { findEngine } from './lib/engine.mjs';
import { createLog } from './lib/log.mjs';
import { fromRoot } from './lib/paths.mjs';

const { values: flags } = parseArgs({
  options: { only: { type: 'string', default: '' }, rounds: { type: 'string', default: '5' } },
});
const log = createLog();
await ensureDependencies(log);
await build(log);

const { MongoClient } = await import('mongodb');
const { apiClient } = await import('./lib/api-client.mjs');
const { freePort, startMuster } = await import('./lib/muster-process.mjs');
const { table } = await import('./lib/table.mjs');
const { machine, median } = await import('../test/bench/measure.mjs');
const { reads } = await import('../test/bench/scenarios/reads.mjs');
const { projectCreation } = await import('../test/bench/scenarios/project-creation.mjs');
const { exec } = await import('../test/bench/scenarios/exec.mjs');
const { files } = await import('../test/bench/scenarios/files.mjs');
const { lifecycleStart } = await import('../test/bench/scenarios/lifecycle-start.mjs');
const { bursts } = await import('../test/bench/scenarios/bursts.mjs');
const { warm } = await import('../test/bench/scenarios/warm.mjs');
const { fleet } = await import('../test/bench/scenarios/fleet.mjs');

const SCENARIOS = [
  { name: 'reads', run: reads },
  { name: 'creation', run: projectCreation },
  { name: 'starts', run: lifecycleStart, needsEngine: true },
  { name: 'exec and logs', run: exec, needsEngine: true },
  { name: 'bursts', run: bursts, needsEngine: true },
  { name: 'warm claims', run: warm, needsEngine: true },
  { name: 'fleet', run: fleet, needsEngine: true },
  { name: 'files', run: files, needsEngine: true },
];
const MEMORY_LIMIT_MIB = 200;

if (!SCENARIOS.some(({ name }) => name.includes(flags.only))) {
  console.error(
    `No scenario has '${flags.only}' in its name. There are: ${SCENARIOS.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(1);
}

const engine = await findEngine();
if (engine.host) await ensureAgentImage({ host: engine.host, log });
const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
const database = await startDatabase();
const adminKey = 'bench-admin-key-0123456789abcdef';
const muster = await start(folder, database.uri);
const client = await MongoClient.connect(database.uri, { writeConcern: { w: 'majority', journal: true } });

const results = [];
/** Databases of Musters that a scenario had for itself. */
const others = [];
let memoryMiB = 0;
try {
  const context = {
    muster: { url: muster.url, adminKey },
    api: apiClient(muster.url, adminKey),
    db: client.db(),
    databaseUri: database.uri,
    startMuster: startAnother,
    dockerHost: engine.host,
    rounds: Number(flags.rounds),
  };
  for (const { name, run, needsEngine } of SCENARIOS) {
    if (!name.includes(flags.only)) continue;
    const step = log.step(name);
    if (needsEngine && !engine.host) {
      step.skip(`no container engine: ${engine.reason}`);
      continue;
    }
    results.push(...(await run(context)));
    step.done();
  }
  memoryMiB = Math.round(Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${muster.pid}/status`, 'utf8'))[1]) / 1024);
} finally {
  await muster.stop();
  // After Muster, which would make them anew.
  await removeContainers();
  await client.close();
  await database.stop();
  await rm(folder, { recursive: true, force: true });
}
await report();

async function start(dataDir, databaseUri, env = {}) {
  return startMuster({
    dataDir,
    port: await freePort(0),
    env: {
      MONGODB_URI: databaseUri,
      BOOTSTRAP_ADMIN_KEY: adminKey,
      ...(engine.host ? { RUNTIME: 'docker', DOCKER_HOST: engine.host } : { RUNTIME: 'process' }),
      ...env,
    },
  });
}

/** A Muster for one scenario alone, with its own folder and database. */
async function startAnother(env = {}) {
  const own = await mkdtemp(join(folder, 'another-'));
  const uri = new URL(database.uri);
  uri.pathname = `/bench_${own.slice(-6).toLowerCase()}`;
  others.push(uri.pathname.slice(1));
  const { url, pid, stop } = await start(own, uri.href, env);
  const metrics = async () => {
    const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${adminKey}` } });
    if (!response.ok) throw new Error(`GET /metrics: ${response.status}`);
    return response.text();
  };
  return { url, pid, stop, metrics, api: apiClient(url, adminKey) };
}

/** What a scenario that broke off has left on the engine. */
async function removeContainers() {
  if (!engine.host) return;
  const { default: Docker } = await import('dockerode');
  const docker = new Docker({ socketPath: engine.host.replace('unix://', '') });
  for (const name of [new URL(database.uri).pathname.slice(1), ...others]) {
    const { installationId } = (await client.db(name).collection('installations').findOne({})) ?? {};
    if (installationId === undefined) continue;
    const filters = { label: [`io.muster.installation=${installationId}`] };
    for (const { Id } of await docker.listContainers({ all: true, filters })) {
      await docker
        .getContainer(Id)
        .remove({ force: true })
        .catch(() => undefined);
    }
  }
}

/** A database of the bench's own: MONGODB_URI's server when given, else the embedded one. */
async function startDatabase() {
  const given = process.env.MONGODB_URI;
  if (given) return { name: 'MONGODB_URI', uri: given, stop: async () => {} };
  const { create } = await import('@muster/documentdb-server');
  const server = await create({ dataDir: join(folder, 'db') });
  const url = new URL(server.uri);
  url.pathname = '/muster_bench';
  if (url.username !== '' && !url.searchParams.has('authSource')) url.searchParams.set('authSource', 'admin');
  return { name: 'documentdb-server', uri: url.href, stop: () => server.stop() };
}

async function report() {
  const round = (number) => Math.round(number * 100) / 100;
  const absolute = ({ name, unit, value, ratio, met, wanted }) => [
    name,
    `${round(value)} ${unit}`,
    '',
    '',
    '',
    round(ratio),
    wanted,
    met ? 'yes' : 'NO',
  ];
  const ratioOf = ({ name, unit, figures, ratio, extraMs, met, wanted }) => [
    name,
    `${round(median(figures.muster, 'perSecond'))} ${unit}`,
    `${round(median(figures.muster, 'p50'))} / ${round(median(figures.muster, 'p95'))}`,
    `${round(median(figures.limit, 'perSecond'))} ${unit}`,
    `${round(median(figures.limit, 'p50'))} / ${round(median(figures.limit, 'p95'))}`,
    `${round(ratio)}${extraMs === undefined ? '' : ` (${extraMs >= 0 ? '+' : ''}${round(extraMs)} ms)`}`,
    wanted,
    met ? 'yes' : 'NO',
  ];
  console.log(
    `\n${table(
      ['scenario', 'muster', 'p50 / p95 ms', 'limit', 'p50 / p95 ms', 'ratio', 'wanted', 'met'],
      results.map((result) => (result.value === undefined ? ratioOf(result) : absolute(result))),
    )}`,
  );
  const memoryMet = memoryMiB <= MEMORY_LIMIT_MIB;
  console.log(
    `\nMemory of the API after it: ${memoryMiB} MiB (wanted: ≤ ${MEMORY_LIMIT_MIB}; met: ${memoryMet ? 'yes' : 'NO'})`,
  );
  console.log(`Machine: ${JSON.stringify(machine())}; database: ${database.name}`);

  await mkdir(fromRoot('bench/results'), { recursive: true });
  const file = fromRoot(`bench/results/${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`);
  const whole = { at: new Date().toISOString(), machine: machine(), database: database.name, memoryMiB, results };
  await writeFile(file, `${JSON.stringify(whole, null, 2)}\n`);
  process.exitCode = memoryMet && results.every(({ met }) => met) ? 0 : 1;
}
