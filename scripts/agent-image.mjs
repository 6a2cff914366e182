/** `npm run image`: makes sure that the engine has the image agents run from. */
import { ensureAgentImage } from './lib/agent-image.mjs';
import { findEngine } from './lib/engine.mjs';
import { createLog } from './lib/log.mjs';

const log = createLog();
const engine = await findEngine();
if (engine.ok) {
  try {
    const { image, id, built } = await ensureAgentImage({ host: engine.host, log });
    log.info(`${image} ${built ? 'is built' : 'is up to date'}: ${id}`);
  } catch (error) {
    log.warn(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
} else {
  log.warn(engine.reason);
  process.exitCode = 1;
}
