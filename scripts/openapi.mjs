#!/usr/bin/env node
/** `npm run openapi`: writes docs/openapi.json as the code has it now. A test fails when the file is stale. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { createLog } from './lib/log.mjs';
import { freePort, startMuster } from './lib/muster-process.mjs';
import { fromRoot } from './lib/paths.mjs';

const log = createLog();
await ensureDependencies(log);
await build(log);
const folder = await mkdtemp(join(tmpdir(), 'muster-openapi-'));
const step = log.step('docs/openapi.json');
try {
  const muster = await startMuster({ dataDir: folder, port: await freePort(0), env: { RUNTIME: 'process' } });
  const document = await fetch(`${muster.url}/docs/openapi.json`).then((response) => response.json());
  await muster.stop();
  await writeFile(fromRoot('docs/openapi.json'), `${JSON.stringify(document, null, 2)}\n`);
  step.done(`${Object.keys(document.paths).length} paths`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
