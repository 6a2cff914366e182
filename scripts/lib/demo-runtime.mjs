import { ensureAgentImage } from './agent-image.mjs';
import { findEngine } from './engine.mjs';

/**
 * Docker where an engine answers and the agent image can be had or built, else the process runtime; says which and why.
 *
 * @param {import('./log.mjs').Log} log
 * @returns {Promise<{ name: string, host?: string }>}
 * @throws {Error} when RUNTIME asks for docker and that cannot be had
 */
export async function chooseRuntime(log) {
  const asked = process.env.RUNTIME;
  if (asked === 'process') {
    log.step('runtime').done('process, because RUNTIME asks for it; it is no boundary against hostile agents');
    return { name: 'process' };
  }
  // Muster itself says what is wrong with any other word.
  if (asked && asked !== 'auto' && asked !== 'docker') return { name: asked };
  const step = log.step('runtime');
  const engine = await findEngine();
  if (!engine.host) {
    if (asked === 'docker') {
      step.fail();
      throw new Error(`RUNTIME asks for docker: ${engine.reason}`);
    }
    step.done(`process: ${engine.reason}; it is no boundary against hostile agents`);
    return { name: 'process' };
  }
  step.done(`docker: engine ${engine.version} answers`);
  try {
    await ensureAgentImage({ host: engine.host, log });
    return { name: 'docker', host: engine.host };
  } catch (error) {
    if (asked === 'docker') throw error;
    log.warn(`The agent image cannot be had (${error.message}), so the process runtime is used; it is no boundary.`);
    return { name: 'process' };
  }
}
