/**
 * `node scripts/provision-engine.mjs`: makes sure that a container engine answers, and says where; with `gvisor`, that it
 * has gVisor too.
 */
import { build } from './lib/build.mjs';
import { createLog } from './lib/log.mjs';
import { provisionEngine } from './lib/provision-engine.mjs';
import { provisionGvisor } from './lib/provision-gvisor.mjs';

const log = createLog({ stream: process.stderr });
const engine = await provisionEngine({ log });
if (engine.ok) {
  log.info(`engine: ${engine.name} ${engine.version}, API ${engine.apiVersion}, ${engine.host}`);
  if (process.argv.includes('gvisor')) {
    await build(log);
    const gvisor = await provisionGvisor({ host: engine.host, log });
    if (gvisor.ok) log.info('gVisor: registered as runsc');
    else {
      log.warn(`no gVisor: ${gvisor.reason}`);
      process.exitCode = 1;
    }
  }
} else {
  log.warn(`no container engine: ${engine.reason}`);
  process.exitCode = 1;
}
