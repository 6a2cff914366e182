import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { createApp } from './app.js';
import { DomainError } from './domain/errors/domain-error.js';
import { DatabaseLocation } from './domain/database-location.js';
import { Installations } from './domain/installation.js';
import { RuntimeChoice } from './domain/runtime/runtime-choice.js';
import { Configuration } from './platform/config/configuration.js';
import { hasErrno } from './platform/has-errno.js';
import { readEnvFile, takeEnvironment } from './platform/config/process-environment.js';
import { keepHeapSmall } from './platform/telemetry/keep-heap-small.js';

async function main(): Promise<void> {
  keepHeapSmall();
  readEnvFile();
  const app = await createApp(takeEnvironment());
  // Exits by itself: a signal that is raised again after the hooks would say that Muster was killed.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  const { host, port, dataDir, devNoAuth } = app.get(Configuration);
  await app.listen(port, host).catch(async (error: unknown) => {
    await app.close();
    throw cannotListen(error, host, port);
  });
  const { runtime, reason } = app.get(RuntimeChoice);
  const address = await app.getUrl();
  if (devNoAuth) {
    new Logger('Muster').warn({
      msg: 'MUSTER_DEV_NO_AUTH=1: NO API KEY IS NEEDED. Every program of this machine acts as admin. Never where anything matters.',
    });
  }
  if (runtime.warning !== null) new Logger('Muster').warn({ msg: runtime.warning });
  const keyFile = join(dataDir, 'admin.key');
  new Logger('Muster').log({
    msg: `listening on ${address}`,
    docs: `${address}/docs`,
    database: app.get(DatabaseLocation).description,
    runtime: `${runtime.name}: ${reason}`,
    ...(existsSync(keyFile) && { adminKey: keyFile }),
    installation: await app.get(Installations).current(),
  });
}

function cannotListen(cause: unknown, host: string, port: number): unknown {
  const faults = {
    EADDRINUSE: { pointer: 'PORT', detail: `${host}:${port} is in use: by another Muster, perhaps` },
    EACCES: { pointer: 'PORT', detail: `${port} may not be listened on by this user` },
    EADDRNOTAVAIL: { pointer: 'HOST', detail: `${host} is no address of this machine` },
    ENOTFOUND: { pointer: 'HOST', detail: `${host} is no address of this machine` },
  };
  const fault = Object.entries(faults).find(([code]) => hasErrno(cause, code))?.[1];
  if (fault === undefined) return cause;
  return new DomainError('CONFIGURATION_INVALID', 'Muster cannot listen.', { faults: [fault], cause });
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
