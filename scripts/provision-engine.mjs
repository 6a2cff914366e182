/** `node scripts/provision-engine.mjs`: makes sure that a container engine answers, and says where. */
import { createLog } from './lib/log.mjs';
import { provisionEngine } from './lib/provision-engine.mjs';

const log = createLog({ stream: process.stderr });
const engine = await provisionEngine({ log });
if (engine.ok) {
  log.info(`engine: ${engine.name} ${engine.version}, API ${engine.apiVersion}, ${engine.host}`);
} else {
  log.warn(`no container engine: ${engine.reason}`);
  process.exitCode = 1;
}
