#!/usr/bin/env node
/** `npm run openapi`: writes docs/openapi.json and docs/manifest.schema.json as the code has them now. A test fails when one is stale. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { createLog } from './lib/log.mjs';
import { freePort, startMuster } from './lib/muster-process.mjs';
import { fromRoot } from './lib/paths.mjs';
import { plainEnvironment } from './lib/plain-environment.mjs';

const log = createLog();
await ensureDependencies(log);
await build(log);
const folder = await mkdtemp(join(tmpdir(), 'muster-openapi-'));
const step = log.step('docs/openapi.json');
let stop = async () => {};
try {
  const muster = await startMuster({
    dataDir: folder,
    port: await freePort(0),
    // Nothing of this shell's or of .env: the file must be the same wherever it is made.
    base: plainEnvironment(),
    cwd: folder,
    env: { RUNTIME: 'process' },
    onSpawned: (its) => (stop = its),
  });
  const response = await fetch(`${muster.url}/docs/openapi.json`);
  if (!response.ok) throw new Error(`Muster answered ${response.status} instead of its description.`);
  const document = await response.json();
  await writeFile(fromRoot('docs/openapi.json'), `${JSON.stringify(document, null, 2)}\n`);
  const schema = await fetch(`${muster.url}/api/v1/schemas/manifest.json`);
  if (!schema.ok) throw new Error(`Muster answered ${schema.status} instead of the manifest's schema.`);
  await writeFile(fromRoot('docs/manifest.schema.json'), `${JSON.stringify(await schema.json(), null, 2)}\n`);
  step.done(`${Object.keys(document.paths).length} paths`);
} catch (error) {
  step.fail(error.message);
  process.exitCode = 1;
} finally {
  await stop();
  await rm(folder, { recursive: true, force: true });
}
