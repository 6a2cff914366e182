import { Logger } from '@nestjs/common';
import { createApp } from './app.js';
import { DomainError } from './domain/errors/domain-error.js';
import { DatabaseLocation } from './domain/database-location.js';
import { Installations } from './domain/installation.js';
import { RuntimeChoice } from './domain/runtime/runtime-choice.js';
import { Configuration } from './platform/config/configuration.js';
import { processEnvironment } from './platform/config/process-environment.js';

async function main(): Promise<void> {
  const app = await createApp(processEnvironment());
  // Exits by itself: a signal that is raised again after the hooks would say that Muster was killed.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  const { host, port } = app.get(Configuration);
  await app.listen(port, host);
  const { runtime, reason } = app.get(RuntimeChoice);
  const address = await app.getUrl();
  new Logger('Muster').log({
    msg: `listening on ${address}`,
    docs: `${address}/docs`,
    database: app.get(DatabaseLocation).description,
    runtime: `${runtime.name}: ${reason}`,
    installation: await app.get(Installations).current(),
  });
}

/** Says on stderr, for people, why Muster did not start. */
function explain(error: unknown): void {
  if (!(error instanceof DomainError)) {
    console.error(error);
    return;
  }
  console.error(`Muster did not start: ${error.message}`);
  for (const { pointer, detail } of error.faults) console.error(`  ${pointer} ${detail}`);
}

try {
  await main();
} catch (error) {
  explain(error);
  process.exit(1);
}
